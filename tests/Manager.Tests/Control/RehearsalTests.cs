using Skep.Manager.Control;
using Skep.Model;

namespace Skep.Manager.Tests.Control;

/// <summary>A rehearsal refuses what the cluster would refuse, with what was rehearsed before in place, and changes nothing.</summary>
public sealed class RehearsalTests
{
    [Fact]
    public async Task What_was_rehearsed_before_stands_and_the_cluster_does_not_change()
    {
        OneManager manager = await OneManager.StartAsync();
        ulong before = manager.Store.View().Index;
        ClusterDryRun rehearsal = await manager.Control.DryRunAsync(default);

        await rehearsal.Networks.CreateAsync(Network("app_net", ""), default);
        SecretId secret = await rehearsal.Secrets.CreateAsync(Secret("app_key"), default);
        await rehearsal.Services.CreateAsync(Using(OneManager.Web("app_web"), "app_net", Reference(secret, "app_key")), default);

        Assert.NotNull(rehearsal.View().Services.ByName("app_web"));
        Assert.Equal(before, manager.Store.View().Index);
        Assert.Null(manager.Store.View().Services.ByName("app_web"));
        Assert.Null(manager.Store.View().Networks.ByName("app_net"));
        Assert.Empty(manager.Store.View().Secrets);
    }

    [Fact]
    public async Task A_port_is_taken_by_a_service_of_the_cluster_or_of_the_rehearsal()
    {
        OneManager manager = await OneManager.StartAsync();
        ServiceId holder = await manager.Control.Services.CreateAsync(Publishing("web", 80), default);
        ClusterDryRun rehearsal = await manager.Control.DryRunAsync(default);
        ServiceId first = await rehearsal.Services.CreateAsync(Publishing("app_a", 81), default);

        await ServiceControlTests.RefusesAsync(ErrorKind.InvalidArgument, $"port '80' is already in use by service 'web' ({holder}) as an ingress port",
            rehearsal.Services.CreateAsync(Publishing("app_b", 80), default));
        await ServiceControlTests.RefusesAsync(ErrorKind.InvalidArgument, $"port '81' is already in use by service 'app_a' ({first}) as an ingress port",
            rehearsal.Services.CreateAsync(Publishing("app_c", 81), default));
        await rehearsal.Services.RemoveAsync("web", default);
        await rehearsal.Services.CreateAsync(Publishing("app_b", 80), default);
        Assert.Equal(["web"], manager.Store.View().Services.Select(s => s.Name));
    }

    [Fact]
    public async Task A_subnet_is_taken_by_a_network_of_the_rehearsal()
    {
        OneManager manager = await OneManager.StartAsync();
        ClusterDryRun rehearsal = await manager.Control.DryRunAsync(default);
        await rehearsal.Networks.CreateAsync(Network("app_a", "10.9.0.0/24"), default);

        await ServiceControlTests.RefusesAsync(
            ErrorKind.InvalidArgument,
            "invalid pool request: Pool overlaps with other one on this address space: 10.9.0.0/16 and 10.9.0.0/24 of network app_a",
            rehearsal.Networks.CreateAsync(Network("app_b", "10.9.0.0/16"), default));
    }

    [Fact]
    public async Task A_secret_that_is_not_there_and_a_name_that_is_are_refused()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Secrets.CreateAsync(Secret("key"), default);
        ClusterDryRun rehearsal = await manager.Control.DryRunAsync(default);

        await ServiceControlTests.RefusesAsync(ErrorKind.AlreadyExists, "secret key already exists", rehearsal.Secrets.CreateAsync(Secret("key"), default));
        await ServiceControlTests.RefusesAsync(ErrorKind.InvalidArgument, "secret not found: other",
            rehearsal.Services.CreateAsync(Using(OneManager.Web("web"), "host", Reference(new SecretId("gone"), "other")), default));
    }

    [Fact]
    public async Task An_update_is_refused_as_it_would_be()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service web = manager.Service("web");
        ClusterDryRun rehearsal = await manager.Control.DryRunAsync(default);

        await ServiceControlTests.RefusesAsync(ErrorKind.NotImplemented, "service mode change is not allowed",
            rehearsal.Services.UpdateAsync("web", new ServiceUpdate(web.Version.Index, web.Spec with { Mode = new ServiceMode.Global() }), default));
        await rehearsal.Services.UpdateAsync("web", new ServiceUpdate(web.Version.Index, Publishing("web", 80)), default);
        Assert.Equal(web, manager.Service("web"));
    }

    private static NetworkSpec Network(string name, string subnet) => new(new Annotations(name))
    {
        Ipam = subnet.Length == 0 ? null : new IpamSpec { Pools = [new IpamPool(subnet, "", "")] },
    };

    private static SecretSpec Secret(string name) => new(new Annotations(name)) { Data = SensitiveBytes.From([1, 2, 3]) };

    private static SecretReference Reference(SecretId id, string name) => new(id, name, new FileTarget(name, "0", "0", 0x124));

    private static ServiceSpec Publishing(string name, int port)
        => OneManager.Web(name) with { Endpoint = new EndpointSpec(EndpointMode.Vip) { Ports = [new PortConfig(PortProtocol.Tcp, 80, port, PublishMode.Ingress)] } };

    private static ServiceSpec Using(ServiceSpec spec, string network, SecretReference secret) => spec with
    {
        Task = spec.Task with { Networks = [new NetworkAttachmentSpec(network)], Container = spec.Task.Container with { Secrets = [secret] } },
    };
}
