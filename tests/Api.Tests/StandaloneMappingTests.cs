using System.Text.Json;
using Skep.Api.Cluster;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Model;
using Skep.Wire;

namespace Skep.Api.Tests;

/// <summary>A standalone container's request comes back when it is looked at.</summary>
public sealed class StandaloneMappingTests
{
    private static readonly ImageSettings Image = new()
    {
        User = "9",
        Env = ["PATH=/bin", "A=image", "GONE=1"],
        Entrypoint = ["/entry"],
        Command = ["serve"],
        WorkingDirectory = "/srv",
        ExposedPorts = ["80/tcp"],
        Volumes = ["/kept"],
        StopSignal = "SIGQUIT",
        Labels = new Dictionary<string, string> { ["of"] = "image", ["both"] = "image" }.ToValueMap(),
    };

    [Fact]
    public void Host_settings_are_shown_as_given_with_defaults_filled_in()
    {
        WireContainerDetail detail = Detail(new WireContainerCreate
        {
            Image = "app",
            HostConfig = new WireContainerHostConfig
            {
                Binds = ["data:/d:ro", "/etc:/e"],
                NetworkMode = "default",
                CapAdd = ["CAP_NET_ADMIN"],
                RestartPolicy = new WireRestart("on-failure", 3),
                Memory = 64 << 20,
                LogConfig = new WireDriverConfig("", new Dictionary<string, string> { ["max-size"] = "1m" }),
                Tmpfs = new Dictionary<string, string> { ["/run"] = "size=1m" },
                MemorySwappiness = -1,
            },
        });
        WireContainerHostConfig host = detail.HostConfig!;
        Assert.Equal(["data:/d:ro", "/etc:/e"], host.Binds);
        Assert.Equal(("bridge", "private", 64L << 20, 128L << 20, 64L << 20), (host.NetworkMode, host.IpcMode, host.Memory, host.MemorySwap, host.ShmSize));
        Assert.Equal(new WireRestart("on-failure", 3), host.RestartPolicy);
        Assert.Equal("1m", host.LogConfig!.Config!["max-size"]);
        Assert.Null(host.MemorySwappiness);
        Assert.Contains("/proc/kcore", host.MaskedPaths!);
        Assert.Equal([("/d", "ro"), ("/anonymous", "z")], detail.Mounts!.Select(m => (m.Destination!, m.Mode!)));
        Assert.Equal(2, detail.RestartCount);
    }

    [Fact]
    public void What_the_user_does_not_say_is_the_images()
    {
        WireContainerConfig config = Detail(new WireContainerCreate { Image = "app", Env = ["A=mine", "GONE"], Labels = new() { ["both"] = "mine" } }).Config!;
        Assert.Equal(["A=mine", "PATH=/bin"], config.Env);
        Assert.Equal(("9", "/srv", "SIGQUIT"), (config.User, config.WorkingDir, config.StopSignal));
        Assert.Equal(["/entry"], config.Entrypoint);
        Assert.Equal(["serve"], config.Cmd);
        Assert.Equal(["80/tcp"], config.ExposedPorts!.Keys);
        Assert.Equal(["/kept"], config.Volumes!.Keys);
        Assert.Equal(("image", "mine"), (config.Labels!["of"], config.Labels["both"]));
    }

    [Fact]
    public void An_entry_point_of_the_users_drops_the_images_arguments()
    {
        WireContainerConfig config = Detail(new WireContainerCreate { Image = "app", Entrypoint = ["sh"] }).Config!;
        Assert.Equal(["sh"], config.Entrypoint);
        Assert.Null(config.Cmd);
    }

    [Fact]
    public void Details_of_logs_are_the_labels_variables_and_tag_that_were_asked_for()
    {
        LocalContainer container = new(new string('a', 64), "web")
        {
            Labels = new Dictionary<string, string> { ["tier"] = "front end", ["other"] = "x" }.ToValueMap(),
            Env = ["OS=debian", "SECRET=1"],
            Spec = new TaskSpec
            {
                Container = new ContainerSpec("app"),
                LogDriver = new Driver("json-file") { Options = new Dictionary<string, string> { ["labels"] = "tier", ["env-regex"] = "^O", ["tag"] = "{{.Name}}/{{.ID}}" }.ToValueMap() },
            },
        };
        Assert.Equal("OS=debian,tag=web%2Faaaaaaaaaaaa,tier=front%20end", LogAttributes.Of(container));
    }

    [Fact]
    public void A_web_sockets_key_is_answered_as_the_standard_says()
        => Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WebSocketClient.Accept("dGhlIHNhbXBsZSBub25jZQ==")); // RFC 6455, 1.3

    private static WireContainerDetail Detail(WireContainerCreate body)
    {
        StandaloneSpec spec = ContainerRequest.ToSpec(body, "c1", Image);
        Assert.Equal(body.Image, JsonSerializer.Deserialize(spec.Request, WireJson.Default.WireContainerCreate)!.Image);
        LocalContainer container = new(new string('c', 64), "c1")
        {
            Standalone = spec,
            Spec = spec.Template,
            Image = "app",
            Labels = spec.Template.Container.Labels,
            RestartCount = 2,
            Mounts =
            [
                new LocalMount(MountKind.Volume, "data", "/v/data", "/d", true) { Driver = "local" }, new LocalMount(MountKind.Volume, "0123", "/v/0123", "/anonymous", false) { Driver = "local" },
                .. spec.Tmpfs.Keys.Select(path => new LocalMount(MountKind.Tmpfs, "", "", path, false)), new LocalMount(MountKind.Bind, "", "/usr/bin/tini", "/sbin/docker-init", true),
            ],
        };
        return StandaloneMapping.Complete(ContainerMapping.ToDetail(container, "n1"), container, Image);
    }
}
