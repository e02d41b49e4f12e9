using Skep.Manager.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Control;

public sealed class ServiceControlTests
{
    [Fact]
    public async Task A_service_is_stored_as_asked()
    {
        OneManager manager = await OneManager.StartAsync();

        ServiceId id = await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);

        Service stored = manager.Store.View().Services.Find(id)!;
        Assert.Equal(OneManager.Web("web"), stored.Spec);
        Assert.Null(stored.PreviousSpec);
        Assert.Null(stored.UpdateStatus);
    }

    [Fact]
    public async Task A_nameless_service_gets_a_valid_name()
    {
        OneManager manager = await OneManager.StartAsync();

        ServiceId id = await manager.Control.Services.CreateAsync(OneManager.Web(""), default);

        Assert.Matches("^[a-z]+_[a-z]+$", manager.Store.View().Services.Find(id)!.Name);
    }

    [Fact]
    public async Task A_name_can_be_used_once()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);

        await RefusesAsync(ErrorKind.AlreadyExists, "name conflicts with an existing object: service web already exists",
            manager.Control.Services.CreateAsync(OneManager.Web("web"), default));
    }

    [Fact]
    public async Task An_update_keeps_the_old_spec_and_numbers_the_new_one()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service first = manager.Service("web");
        ServiceSpec changed = WithImage(first.Spec, "nginx:2");

        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(first.Version.Index, changed), default);

        Service second = manager.Service("web");
        Assert.Equal(changed, second.Spec);
        Assert.Equal(first.Spec, second.PreviousSpec);
        Assert.Equal(first.SpecVersion, second.PreviousSpecVersion);
        Assert.True(second.SpecVersion.Index > first.SpecVersion.Index);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_keeps_spec_versions_but_clears_a_paused_update()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        await manager.CommitAsync([new StoreChange.Update(manager.Service("web") with { UpdateStatus = new UpdateStatus(UpdateState.Paused, manager.Time.GetUtcNow()) })]);
        Service before = manager.Service("web");

        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(before.Version.Index, before.Spec), default);

        Service after = manager.Service("web");
        Assert.Equal(before.SpecVersion, after.SpecVersion);
        Assert.Null(after.PreviousSpec);
        Assert.Null(after.UpdateStatus);
    }

    [Fact]
    public async Task A_stale_version_is_out_of_sequence()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service service = manager.Service("web");
        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(service.Version.Index, WithImage(service.Spec, "nginx:2")), default);

        await RefusesAsync(ErrorKind.OutOfSequence, "update out of sequence",
            manager.Control.Services.UpdateAsync("web", new ServiceUpdate(service.Version.Index, WithImage(service.Spec, "nginx:3")), default));
    }

    [Fact]
    public async Task What_the_loops_wrote_meanwhile_does_not_make_an_update_stale()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service read = manager.Service("web");
        await manager.CommitAsync([new StoreChange.Update(read with { UpdateStatus = new UpdateStatus(UpdateState.Updating, manager.Time.GetUtcNow()) })]);

        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(read.Version.Index, WithImage(read.Spec, "nginx:2")), default);

        Assert.Equal("nginx:2", manager.Service("web").Spec.Task.Container.Image);
        await RefusesAsync(ErrorKind.OutOfSequence, "update out of sequence",
            manager.Control.Services.UpdateAsync("web", new ServiceUpdate(manager.Service("web").Version.Index + 1, read.Spec), default));
    }

    [Fact]
    public async Task Rolling_back_swaps_the_specs_and_says_so()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service first = manager.Service("web");
        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(first.Version.Index, WithImage(first.Spec, "nginx:2")), default);
        Service second = manager.Service("web");

        await manager.Control.Services.RollbackAsync("web", second.Version.Index, default);

        Service third = manager.Service("web");
        Assert.Equal(first.Spec, third.Spec);
        Assert.Equal(second.Spec, third.PreviousSpec);
        Assert.True(third.SpecVersion.Index > second.SpecVersion.Index);
        Assert.Equal(UpdateState.RollbackStarted, third.UpdateStatus!.State);
    }

    [Fact]
    public async Task There_is_nothing_to_roll_back_at_first()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);

        await RefusesAsync(ErrorKind.FailedPrecondition, "service web does not have a previous spec",
            manager.Control.Services.RollbackAsync("web", manager.Service("web").Version.Index, default));
    }

    [Fact]
    public async Task Name_and_mode_stay()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service service = manager.Service("web");

        await RefusesAsync(ErrorKind.NotImplemented, "renaming services is not supported",
            manager.Control.Services.UpdateAsync("web", new ServiceUpdate(service.Version.Index, service.Spec with { Annotations = new Annotations("www") }), default));
        await RefusesAsync(ErrorKind.NotImplemented, "service mode change is not allowed",
            manager.Control.Services.UpdateAsync("web", new ServiceUpdate(service.Version.Index, service.Spec with { Mode = new ServiceMode.Global() }), default));
    }

    [Fact]
    public async Task Every_update_of_a_job_is_a_new_iteration()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceSpec job = OneManager.Web("job") with { Mode = new ServiceMode.ReplicatedJob(1, 3) };
        await manager.Control.Services.CreateAsync(job, default);
        Service first = manager.Service("job");

        await manager.Control.Services.UpdateAsync("job", new ServiceUpdate(first.Version.Index, WithImage(job, "nginx:2")), default);

        Assert.Equal(0UL, first.JobStatus!.Iteration.Index);
        Assert.Equal(1UL, manager.Service("job").JobStatus!.Iteration.Index);
    }

    [Fact]
    public async Task A_published_port_belongs_to_one_service()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceId holder = await manager.Control.Services.CreateAsync(Publishing("web", 8080, PublishMode.Ingress), default);

        await RefusesAsync(ErrorKind.InvalidArgument, $"port '8080' is already in use by service 'web' ({holder}) as an ingress port",
            manager.Control.Services.CreateAsync(Publishing("other", 8080, PublishMode.Ingress), default));
        await RefusesAsync(ErrorKind.InvalidArgument, $"port '8080' is already in use by service 'web' ({holder}) as an ingress port",
            manager.Control.Services.CreateAsync(Publishing("other", 8080, PublishMode.Host), default));
    }

    [Fact]
    public async Task Host_ports_may_repeat_across_services_but_not_against_the_mesh()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceId first = await manager.Control.Services.CreateAsync(Publishing("a", 80, PublishMode.Host), default);
        await manager.Control.Services.CreateAsync(Publishing("b", 80, PublishMode.Host), default);

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => manager.Control.Services.CreateAsync(Publishing("c", 80, PublishMode.Ingress), default));
        Assert.Contains("as a host-published port", refused.Message, StringComparison.Ordinal);
        Assert.NotEqual(default, first);
    }

    [Fact]
    public async Task Networks_named_are_stored_by_id_and_must_exist()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        await manager.Control.Services.CreateAsync(On("net", "web"), default);

        Assert.Equal(network.Value, manager.Service("web").Spec.Task.Networks[0].Target);
        await RefusesAsync(ErrorKind.NotFound, "network nowhere not found", manager.Control.Services.CreateAsync(On("nowhere", "lost"), default));
        await RefusesAsync(ErrorKind.PermissionDenied, "Service cannot be explicitly attached to the ingress network \"ingress\"",
            manager.Control.Services.CreateAsync(On("ingress", "lost"), default));
    }

    [Fact]
    public async Task Unknown_secrets_and_configs_are_refused()
    {
        OneManager manager = await OneManager.StartAsync();
        ContainerSpec container = new("nginx") { Secrets = [new SecretReference(new SecretId("nope"), "key", new FileTarget("key", "0", "0", 292))] };

        await RefusesAsync(ErrorKind.InvalidArgument, "secret not found: key",
            manager.Control.Services.CreateAsync(OneManager.Web("web") with { Task = new TaskSpec { Container = container } }, default));
    }

    [Fact]
    public async Task Credentials_stay_when_an_update_brings_none_and_can_come_from_the_previous_spec()
    {
        OneManager manager = await OneManager.StartAsync();
        SensitiveBytes auth = SensitiveBytes.From("one"u8);
        ServiceSpec spec = OneManager.Web("web");
        await manager.Control.Services.CreateAsync(spec with { Task = spec.Task with { Container = spec.Task.Container with { RegistryAuth = auth } } }, default);

        await manager.Control.Services.UpdateAsync("web", new ServiceUpdate(manager.Service("web").Version.Index, WithImage(spec, "b")), default);
        Assert.Equal(auth, manager.Service("web").Spec.Task.Container.RegistryAuth);

        await manager.Control.Services.UpdateAsync(
            "web", new ServiceUpdate(manager.Service("web").Version.Index, WithImage(spec, "c")) { RegistryAuth = SensitiveBytes.From("two"u8) }, default);
        Assert.Equal(SensitiveBytes.From("two"u8), manager.Service("web").Spec.Task.Container.RegistryAuth);

        await manager.Control.Services.UpdateAsync(
            "web", new ServiceUpdate(manager.Service("web").Version.Index, WithImage(spec, "d")) { AuthFrom = RegistryAuthSource.PreviousSpec }, default);
        Assert.Equal(auth, manager.Service("web").Spec.Task.Container.RegistryAuth);
    }

    [Fact]
    public async Task A_removed_service_is_gone_at_once()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);

        await manager.Control.Services.RemoveAsync("web", default);

        Assert.Empty(manager.Store.View().Services);
        await RefusesAsync(ErrorKind.NotFound, "service web not found", manager.Control.Services.RemoveAsync("web", default));
    }

    [Fact]
    public async Task Ids_may_be_abbreviated_and_names_win_over_abbreviations()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceId id = await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);

        Assert.Equal(id, manager.Store.View().Service(id.Value[..6]).Id);
        Assert.Equal(id, manager.Store.View().Service("web").Id);
        Assert.Throws<ClusterException>(() => manager.Store.View().Service(""));
    }

    internal static async Task RefusesAsync(ErrorKind kind, string message, Task operation)
    {
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => operation);
        Assert.Equal((kind, message), (refused.Kind, refused.Message));
    }

    private static ServiceSpec WithImage(ServiceSpec spec, string image) => spec with { Task = spec.Task with { Container = spec.Task.Container with { Image = image } } };

    private static ServiceSpec On(string network, string name)
        => OneManager.Web(name) with { Task = OneManager.Web(name).Task with { Networks = [new NetworkAttachmentSpec(network)] } };

    private static ServiceSpec Publishing(string name, int port, PublishMode mode)
        => OneManager.Web(name) with { Endpoint = new EndpointSpec(EndpointMode.Vip) { Ports = [new PortConfig(PortProtocol.Tcp, 80, port, mode)] } };

    [Theory]
    [InlineData(2377, PortProtocol.Tcp, "talks with the others")]
    [InlineData(4789, PortProtocol.Udp, "between nodes")]
    public async Task Ports_the_cluster_lives_on_are_not_published(int port, PortProtocol protocol, string why)
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceSpec spec = OneManager.Web("web") with { Endpoint = new EndpointSpec(EndpointMode.Vip) { Ports = [new PortConfig(protocol, 80, port, PublishMode.Ingress)] } };

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => manager.Control.Services.CreateAsync(spec, CancellationToken.None));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workers_word_about_its_port_takes_that_port_from_nobody()
    {
        OneManager manager = await OneManager.StartAsync();
        var description = new NodeDescription("liar", new Platform("x86_64", "linux"), new Resources(1, 1)) { PeerAddress = "10.0.0.9:80" };
        await manager.CommitAsync([new StoreChange.Create(new Node(new NodeId("liar")) { Spec = new NodeSpec(Annotations.Unnamed), Description = description })]);

        await manager.Control.Services.CreateAsync(Publishing("web", 80, PublishMode.Ingress), CancellationToken.None);
    }

    [Fact]
    public async Task A_spec_larger_than_a_mebibyte_is_refused_with_its_size()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceSpec spec = OneManager.Web("web");
        spec = spec with { Task = spec.Task with { Container = spec.Task.Container! with { Env = [$"A={new string('x', 1 << 20)}"] } } };

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => manager.Control.Services.CreateAsync(spec, CancellationToken.None));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.Contains("more than 1048576", refused.Message, StringComparison.Ordinal);
    }
}
