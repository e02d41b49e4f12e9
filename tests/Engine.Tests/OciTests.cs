using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Engine.Images;
using Skep.Engine.Oci;

namespace Skep.Engine.Tests;

public sealed class OciTests
{
    private static readonly HostFacts Host = new(CgroupV2: false, SwapIsLimited: true, LastCapability: 40, InitPath: "/usr/bin/tini", BootId: "b", new Platform("amd64", "linux"));

    [Fact]
    public void Spec_of_a_plain_container_is_the_golden_one()
    {
        ContainerPlan plan = Plan(new ContainerSpec("x") { Args = ["serve"], Env = ["A=1"] }, new ImageSettings { Entrypoint = ["/app"], Command = ["old"], Env = ["PATH=/bin", "B=2"] });
        var json = (JsonObject)JsonNode.Parse(SpecWriter.Write(plan))!;
        json["linux"]!["seccomp"] = json["linux"]!["seccomp"]!["syscalls"]!.AsArray().Count;
        string text = json.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
        string path = Path.Combine(Root(), "tests", "Engine.Tests", "Golden", "plain-container.json");
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    [Theory]
    [InlineData(true, "SCMP_ARCH_X86_64,SCMP_ARCH_X86,SCMP_ARCH_X32")]
    [InlineData(false, "SCMP_ARCH_X86_64,SCMP_ARCH_X86")]
    public void Seccomp_profile_names_the_architectures_that_the_kernel_runs(bool runsX32, string architectures)
    {
        ContainerPlan plan = Plan(new ContainerSpec("x") { Args = ["serve"] }, new ImageSettings()) with { RunsX32 = runsX32 };
        JsonNode seccomp = JsonNode.Parse(SpecWriter.Write(plan))!["linux"]!["seccomp"]!;
        Assert.Equal(architectures.Split(','), seccomp["architectures"]!.AsArray().Select(a => (string)a!));
    }

    [Fact]
    public void Entry_point_of_the_spec_drops_the_images_arguments()
    {
        var image = new ImageSettings { Entrypoint = ["/app"], Command = ["serve"] };
        Assert.Equal(["/app", "serve"], ContainerPlanner.Args(new ContainerSpec("x"), image));
        Assert.Equal(["/app", "other"], ContainerPlanner.Args(new ContainerSpec("x") { Args = ["other"] }, image));
        Assert.Equal(["sh"], ContainerPlanner.Args(new ContainerSpec("x") { Command = ["sh"] }, image));
        Assert.Equal("no command specified", Assert.Throws<ClusterException>(() => ContainerPlanner.Args(new ContainerSpec("x"), new ImageSettings())).Message);
    }

    [Fact]
    public void Environment_is_merged_in_Dockers_order()
    {
        ValueList<string> env = ContainerPlanner.Env(new ContainerSpec("x") { Env = ["A=1", "GONE", "HOSTNAME=h2"] }, new ImageSettings { Env = ["GONE=x", "A=0", "B=2"] }, "h");
        Assert.Equal([ContainerPlanner.DefaultPath, "HOSTNAME=h2", "A=1", "B=2"], env);
    }

    [Fact]
    public void Capabilities_are_added_and_dropped()
    {
        Assert.Equal(14, Capabilities.Resolve([], [], 40).Count);
        Assert.Contains("CAP_NET_ADMIN", Capabilities.Resolve(["net_admin"], [], 40));
        Assert.Equal(["CAP_CHOWN"], Capabilities.Resolve(["CHOWN"], ["ALL"], 40));
        Assert.Equal(41, Capabilities.Resolve(["ALL"], [], 40).Count);
        Assert.DoesNotContain("CAP_MKNOD", Capabilities.Resolve([], ["CAP_MKNOD"], 40));
        Assert.Throws<ClusterException>(() => Capabilities.Resolve(["FLY"], [], 40));
        // A machine that gives its daemon less gives its containers less; what is asked for by name and missing is said.
        Assert.Equal(["CAP_CHOWN"], Capabilities.Resolve(["ALL"], [], 40, ["CAP_CHOWN"]));
        Assert.Equal(["CAP_CHOWN", "CAP_KILL"], Capabilities.Resolve([], [], 40, ["CAP_KILL", "CAP_CHOWN"]));
        Assert.Contains("CAP_SYS_RESOURCE cannot be given", Assert.Throws<ClusterException>(() => Capabilities.Resolve(["SYS_RESOURCE"], [], 40, ["CAP_CHOWN"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Users_are_found_by_name_and_number()
    {
        Accounts accounts = Accounts.Parse("root:x:0:0:r:/:/bin/sh\napp:x:1000:1001::/:/x\n", "root:x:0:\napp:x:1001:\naudio:x:29:app,other\n");
        Assert.Equal(new ResolvedUser(1000, 1001, [29]), accounts.Resolve("app", []));
        Assert.Equal(new ResolvedUser(1000, 29, [5]), accounts.Resolve("1000:audio", ["5"]));
        Assert.Equal(new ResolvedUser(77, 0, []), accounts.Resolve("77", []));
        Assert.Equal(ResolvedUser.Root, accounts.Resolve("", []));
        Assert.Contains("unable to find user nobody", Assert.Throws<ClusterException>(() => accounts.Resolve("nobody", [])).Message);
    }

    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("usr1", 10)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    public void Signals_have_names_and_numbers(string text, int number) => Assert.Equal(number, Signals.Parse(text));

    [Fact]
    public void Paths_in_a_root_cannot_leave_it()
    {
        string root = Directory.CreateTempSubdirectory("skt-wrk-root-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "real/dir"));
        File.CreateSymbolicLink(Path.Combine(root, "abs"), "/real");
        File.CreateSymbolicLink(Path.Combine(root, "up"), "../../../../etc");
        Assert.Equal(Path.Combine(root, "real/dir"), PathInRoot.Resolve(root, "/abs/dir"));
        Assert.Equal(Path.Combine(root, "etc/passwd"), PathInRoot.Resolve(root, "up/passwd"));
        Directory.Delete(root, recursive: true);
    }

    private static ContainerPlan Plan(ContainerSpec spec, ImageSettings image) => ContainerPlanner.Plan(
        "abc", new TaskSpec { Container = spec, Limits = new Resources(1_500_000_000, 64 << 20) { Pids = 10 } }, spec, image, new ResolvedUser(1000, 1001, [29]),
        [new OciMount("/data/deep", "bind", "/v", ["rbind", "rw", "rprivate"]), new OciMount("/data", "tmpfs", "tmpfs", ["nosuid"])], "/run/netns/x", "h", "/skep", Host);

    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orchestrator.sln")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
