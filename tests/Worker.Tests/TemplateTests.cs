using Skep.Worker.Tasks;

namespace Skep.Worker.Tests;

public sealed class TemplateTests
{
    [Theory]
    [InlineData("{{.Service.Name}}/{{ .Task.Slot }}", "web/3")]
    [InlineData("{{index .Service.Labels \"a b\"}}|{{.Node.Hostname}}", "c|host")]
    [InlineData("x {{- .Task.ID -}} y", "xt1y")]
    [InlineData("{{.Node.ID}}-{{.Node.Platform.OS}}-{{.Service.ID}}-{{.Task.Name}}", "n1-linux-s1-web.3.t1")]
    [InlineData("{{.Service.Labels}}", "map[a b:c]")]
    [InlineData("no template", "no template")]
    public void Templates_are_filled_in(string text, string expected) => Assert.Equal(expected, TemplateText.Expand(text, Context()));

    [Theory]
    [InlineData("{{.Nope}}")]
    [InlineData("{{.Node.ID")]
    public void Unknown_templates_are_refused(string text) => Assert.Throws<ClusterException>(() => TemplateText.Expand(text, Context()));

    private static TemplateContext Context() => new()
    {
        Task = new SwarmTask(new TaskId("t1"), new ServiceId("s1"), 3)
        {
            Spec = new TaskSpec { Container = new ContainerSpec("x") },
            ServiceAnnotations = new Annotations("web") { Labels = ValueMap<string, string>.Empty.Set("a b", "c") },
            Status = new SwarmTaskStatus(TaskState.Assigned, DateTimeOffset.UnixEpoch),
        },
        Node = new NodeId("n1"),
        Hostname = "host",
        Platform = new Platform("amd64", "linux"),
    };
}
