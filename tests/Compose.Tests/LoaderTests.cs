namespace Skep.Compose.Tests;

public sealed class LoaderTests
{
    [Theory]
    [InlineData("$A ${A}${A}", "1 11")]
    [InlineData("$A-${A}", "1}")] // an unbraced name knows defaults, and they reach to the first brace
    [InlineData("${NONE:-d}", "d")]
    [InlineData("${EMPTY:-d}|${EMPTY-d}|", "d||")]
    [InlineData("${NONE:-${A}}", "${A}")]
    [InlineData("$$A", "$A")]
    [InlineData("$NONE-left", "left")]
    public void Variables_are_replaced(string text, string replaced) =>
        Assert.Equal(replaced, Template.Substitute(text, new Dictionary<string, string> { ["A"] = "1", ["EMPTY"] = "" }));

    [Theory]
    [InlineData("100$")]
    [InlineData("${")]
    [InlineData("${A:+b}")]
    [InlineData("${NONE?why}")]
    public void Template_without_sense_is_refused(string text) =>
        Assert.Throws<TemplateException>(() => Template.Substitute(text, new Dictionary<string, string>()));

    [Fact]
    public void Mistake_is_told_with_file_and_line()
    {
        ComposeException fault = Assert.Throws<ComposeException>(() => Load("services:\n  web:\n    image: nginx\n    ports: 80\n"));

        Assert.Equal("services.web.ports must be a list", fault.Message);
        Assert.Equal("compose.yml:4: services.web.ports must be a list", fault.Located);
    }

    [Fact]
    public void Key_given_twice_is_refused()
    {
        ComposeException fault = Assert.Throws<ComposeException>(() => Load("services:\n  a: {image: x}\n  a: {image: y}\n"));

        Assert.Equal("yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 2", fault.Message);
    }

    [Theory]
    [InlineData("services:\n  a:\n    image: x\n   b: y\n", "yaml: line 1: did not find expected key")]
    [InlineData("a: b: c\n", "yaml: mapping values are not allowed in this context")]
    [InlineData("services: {}\n\n? - : [", "yaml: line 2: did not find expected key")]
    [InlineData("services: [a\n", "yaml: line 1: did not find expected ',' or ']'")]
    public void Broken_yaml_is_told_in_libyamls_words(string text, string words) =>
        Assert.Equal(words, Assert.Throws<ComposeException>(() => Load(text)).Message);

    [Fact]
    public void What_follows_the_first_document_is_not_looked_at() =>
        Assert.Equal("x", Load("services: {a: {image: x}}\n---\n[}\n").Services["a"].Image);

    [Fact]
    public void Merge_key_gives_way_to_explicit_keys()
    {
        ComposeProject project = Load("x-base: &b {image: x, user: u}\nservices:\n  a:\n    <<: *b\n    image: y\n");

        Assert.Equal("y", project.Services["a"].Image);
        Assert.Equal("u", project.Services["a"].User);
    }

    [Fact]
    public void Aliases_that_multiply_without_end_are_refused()
    {
        string text = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + string.Concat(Enumerable.Range(1, 8).Select(i => $"x-{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        Assert.Equal("yaml: document contains excessive aliasing", Assert.Throws<ComposeException>(() => Load(text)).Message);
    }

    [Fact]
    public void Anchor_inside_itself_is_refused() =>
        Assert.Equal("yaml: anchor 'a' value contains itself", Assert.Throws<ComposeException>(() => Load("x-a: &a [*a]\n")).Message);

    [Fact]
    public void Missing_id_of_a_secret_is_told()
    {
        ComposeProject project = Load("services:\n  a: {image: x, secrets: [s]}\nsecrets:\n  s: {external: true}\n");
        StackService service = Assert.Single(StackConverter.Convert(project, "app").Services);

        Assert.Equal(["s"], service.SecretNames);
        ComposeException fault = Assert.Throws<ComposeException>(() => service.WithIds(
            new Dictionary<string, Skep.Model.SecretId>(), new Dictionary<string, Skep.Model.ConfigId>()));
        Assert.Equal("service a: secret not found: s", fault.Message);
    }

    private static ComposeProject Load(string text) =>
        ComposeLoader.Load([new ComposeSource("compose.yml", text, "/base")], new Dictionary<string, string>(), new ComposeLoadOptions());
}
