using System.Text.Json;
using Skep.Cli.Templates;

namespace Skep.Cli.Tests;

public sealed class TemplateTests
{
    private const string Value = """{"Name":"web","List":["a","b"],"Map":{"y":"2","x":"1"},"On":true,"Off":false,"N":3,"Deep":{"A":{"B":"c"}},"None":null,"Empty":[]}""";

    [Theory]
    [InlineData("{{.Name}}", "web")]
    [InlineData("a{{.Missing}}b", "a<no value>b")]
    [InlineData("{{.Deep.A.B}}", "c")]
    [InlineData("{{.List}} {{.Map}} {{.N}} {{.On}}", "[a b] map[x:1 y:2] 3 true")]
    [InlineData("{{json .List}}", "[\"a\",\"b\"]")]
    [InlineData("{{json .Map.x | upper}}", "\"1\"")]
    [InlineData("{{upper .Name}} {{title .Name}} {{lower \"ABC\"}}", "WEB Web abc")]
    [InlineData("{{join .List \", \"}}", "a, b")]
    [InlineData("{{index (split .Name \"e\") 1}}", "b")]
    [InlineData("{{range .List}}<{{.}}>{{end}}", "<a><b>")]
    [InlineData("{{range $i, $v := .List}}{{$i}}={{$v}};{{end}}", "0=a;1=b;")]
    [InlineData("{{range $k, $v := .Map}}{{$k}}={{$v}} {{end}}", "x=1 y=2 ")]
    [InlineData("{{range .Empty}}x{{else}}none{{end}}", "none")]
    [InlineData("{{if .On}}yes{{else}}no{{end}}{{if .Off}}yes{{else}}no{{end}}", "yesno")]
    [InlineData("{{if .Off}}1{{else if .On}}2{{else}}3{{end}}", "2")]
    [InlineData("{{if and .On (eq .Name \"web\")}}both{{end}}", "both")]
    [InlineData("{{if or .Off (gt .N 2)}}more{{end}}", "more")]
    [InlineData("{{with .Deep.A}}{{.B}} {{$.Name}}{{end}}", "c web")]
    [InlineData("{{with .None}}x{{else}}y{{end}}", "y")]
    [InlineData("{{println .Name}}.", "web\n.")]
    [InlineData("{{printf \"%-5s|%3d|%q\" .Name .N .Name}}", "web  |  3|\"web\"")]
    [InlineData("{{index .Map \"x\"}}{{len .List}}", "12")]
    [InlineData("{{$x := .Name}}{{$x}}{{/* said */}}", "web")]
    [InlineData("a {{- .Name -}} b", "awebb")]
    [InlineData("{{.Name | printf \"%s-%s\" \"x\"}}", "x-web")]
    [InlineData("{{(index .List 0)}}", "a")]
    public void Templates_run_as_in_go(string template, string expected)
    {
        using JsonDocument document = JsonDocument.Parse(Value);
        Assert.Equal(expected, GoTemplate.Parse(template).Run(TemplateValue.From(document.RootElement)));
    }

    [Theory]
    [InlineData("{{.Name")]
    [InlineData("{{if .Name}}x")]
    [InlineData("{{nothing .Name}}")]
    [InlineData("{{end}}")]
    [InlineData("{{}}")]
    [InlineData("{{\"open}}")]
    public void Broken_templates_are_refused(string template) => Assert.Throws<TemplateException>(() => GoTemplate.Parse(template));
}
