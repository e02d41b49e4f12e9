using Skep.Manager.Control;
using Skep.Model;

namespace Skep.Manager.Tests.Control;

/// <summary>What a spec alone must satisfy.</summary>
public sealed class SpecRulesTests
{
    private static readonly ServiceSpec Web = OneManager.Web("web");

    public static TheoryData<string, ServiceSpec> Wrong => new()
    {
        { "name must be valid as a DNS name component", Web with { Annotations = new Annotations("we b") } },
        { "name must be 63 characters or fewer", Web with { Annotations = new Annotations(new string('a', 64)) } },
        { "image reference must be provided", Container(new ContainerSpec("")) },
        { "is not a valid repository/tag", Container(new ContainerSpec("UPPER/case")) },
        { "invalid cpu value", Web with { Task = Web.Task with { Limits = new Resources(10, 0) } } },
        { "invalid memory value 1024 in limits: Must be at least 4MiB", Web with { Task = Web.Task with { Limits = new Resources(0, 1024) } } },
        { "restart-delay cannot be negative", Web with { Task = Web.Task with { Restart = new RestartPolicySpec { Delay = TimeSpan.FromSeconds(-1) } } } },
        { "constraint expected one operator", Web with { Task = Web.Task with { Placement = new Placement { Constraints = ["node.role=manager"] } } } },
        { "key 'node.mood' is invalid", Web with { Task = Web.Task with { Placement = new Placement { Constraints = ["node.mood==good"] } } } },
        { "cannot spread over", Web with { Task = Web.Task with { Placement = new Placement { SpreadOver = ["node.hostname"] } } } },
        { "can't be used with dnsrr mode", Publishing(EndpointMode.Dnsrr, new PortConfig(PortProtocol.Tcp, 80, 80, PublishMode.Ingress)) },
        {
            "duplicate published ports provided",
            Publishing(EndpointMode.Vip, new PortConfig(PortProtocol.Tcp, 80, 80, PublishMode.Ingress), new PortConfig(PortProtocol.Tcp, 81, 80, PublishMode.Host))
        },
        { "update-maxfailureratio cannot be less than 0 or bigger than 1", Web with { Update = new UpdateConfig { MaxFailureRatio = 1.5f } } },
        { "update-delay cannot be negative", Web with { Update = new UpdateConfig { Delay = TimeSpan.FromSeconds(-1) } } },
        { "replicas-max-per-node can only be used", Web with { Mode = new ServiceMode.Global(), Task = Web.Task with { Placement = new Placement { MaxReplicasPerNode = 1 } } } },
        { "cannot have an update config", Web with { Mode = new ServiceMode.GlobalJob(), Update = UpdateConfig.Default } },
        { "field Target must not be empty", Mounting(new Mount(MountKind.Volume, "v", "")) },
        { "mount path must be absolute", Mounting(new Mount(MountKind.Bind, "d:/x", "/y")) },
        { "field Source must not be empty", Mounting(new Mount(MountKind.Bind, "", "/y")) },
        { "duplicate mount point: /y", Mounting(new Mount(MountKind.Tmpfs, "", "/y"), new Mount(MountKind.Volume, "v", "/y")) },
        { "Windows containers", Mounting(new Mount(MountKind.NamedPipe, "a", "/y")) },
        { "cannot be less than 1ms", Container(new ContainerSpec("a") { HealthCheck = new HealthCheck { Interval = TimeSpan.FromTicks(1) } }) },
        { "Retries in HealthConfig cannot be negative", Container(new ContainerSpec("a") { HealthCheck = new HealthCheck { Retries = -1 } }) },
        { "unknown capability: \"NET_MAGIC\"", Container(new ContainerSpec("a") { CapabilityAdd = ["NET_MAGIC"] }) },
        { "ulimit soft limit must be less", Container(new ContainerSpec("a") { Ulimits = [new Ulimit("nofile", 20, 10)] }) },
        { "sysctl 'vm.swappiness' is not allowed", Container(new ContainerSpec("a") { Sysctls = ValueMap<string, string>.Empty.Set("vm.swappiness", "1") }) },
        { "invalid isolation", Container(new ContainerSpec("a") { Isolation = "hyperv" }) },
        { "have a conflicting target: 'f'", Container(new ContainerSpec("a") { Secrets = [Reference("one", "f"), Reference("two", "f")] }) },
        { "x is not an ip address", Container(new ContainerSpec("a") { Dns = new DnsConfig { Nameservers = ["x"] } }) },
        { "a seccomp profile belongs to seccomp mode custom", Container(new ContainerSpec("a") { Privileges = new Privileges { SeccompMode = "custom" } }) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_spec_is_refused_in_words(string says, ServiceSpec spec)
        => Assert.Contains(says, Assert.Throws<ClusterException>(() => ServiceSpecRules.Check(spec, isNameGiven: true)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_rich_spec_passes() => ServiceSpecRules.Check(
        Container(new ContainerSpec("registry.example:5000/team/app:1.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
        {
            HealthCheck = new HealthCheck { Test = ["CMD-SHELL", "true"], Interval = TimeSpan.FromSeconds(1) },
            CapabilityAdd = ["CAP_NET_ADMIN"],
            CapabilityDrop = ["ALL"],
            Ulimits = [new Ulimit("nofile", 1024, -1)],
            Sysctls = ValueMap<string, string>.Empty.Set("net.core.somaxconn", "1024"),
            StopSignal = "SIGRTMIN+3",
            Env = ["A=1", "B"],
            Hosts = ["10.0.0.1 a b"],
            Mounts = [new Mount(MountKind.Volume, "", "/anonymous"), new Mount(MountKind.Bind, "/a", "/b") { Bind = new BindOptions("rslave") }],
        }) with
        {
            Update = new UpdateConfig { Parallelism = 0, Order = UpdateOrder.StartFirst, FailureAction = UpdateFailureAction.Rollback },
        },
        isNameGiven: true);

    [Theory]
    [InlineData("nginx", true)]
    [InlineData("nginx:latest", true)]
    [InlineData("localhost/a", true)]
    [InlineData("localhost:5000/a/b_c:1", true)]
    [InlineData("10.0.0.1:5000/a", true)]
    [InlineData("a__b/c", true)]
    [InlineData("A", false)]
    [InlineData("a:", false)]
    [InlineData("a b", false)]
    [InlineData("-a", false)]
    [InlineData("a@sha256:xyz", false)]
    public void Image_names_have_a_form(string name, bool isValid) => Assert.Equal(isValid, ImageName.IsValid(name));

    private static SecretReference Reference(string name, string file) => new(new SecretId(name), name, new FileTarget(file, "0", "0", 292));

    private static ServiceSpec Container(ContainerSpec container) => Web with { Task = Web.Task with { Container = container } };

    private static ServiceSpec Mounting(params Mount[] mounts) => Container(new ContainerSpec("a") { Mounts = mounts.ToValueList() });

    private static ServiceSpec Publishing(EndpointMode mode, params PortConfig[] ports) => Web with { Endpoint = new EndpointSpec(mode) { Ports = ports.ToValueList() } };
}
