using Skep.Manager.Control;
using Skep.Model;
using Skep.Model.Net;
using Skep.Rpc.Security;
using Skep.Store;
using static Skep.Manager.Tests.Control.ServiceControlTests;

namespace Skep.Manager.Tests.Control;

/// <summary>Secrets, configs, networks, nodes and the cluster's settings.</summary>
public sealed class ClusterObjectsTests
{
    [Fact]
    public async Task Secrets_change_labels_alone()
    {
        OneManager manager = await OneManager.StartAsync();
        SecretSpec spec = new(new Annotations("key")) { Data = SensitiveBytes.From("abc"u8) };
        SecretId id = await manager.Control.Secrets.CreateAsync(spec, default);
        await RefusesAsync(ErrorKind.AlreadyExists, "secret key already exists", manager.Control.Secrets.CreateAsync(spec, default));
        ulong version = manager.Store.View().Secrets.Find(id)!.Version.Index;

        await RefusesAsync(ErrorKind.InvalidArgument, "only updates to Labels are allowed",
            manager.Control.Secrets.UpdateAsync("key", version, spec with { Data = SensitiveBytes.From("xyz"u8) }, default));
        SecretSpec relabelled = new(new Annotations("key") { Labels = ValueMap<string, string>.Empty.Set("a", "b") });
        await manager.Control.Secrets.UpdateAsync("key", version, relabelled, default);

        Secret stored = manager.Store.View().Secrets.Find(id)!;
        Assert.Equal("b", stored.Spec.Annotations.Labels["a"]);
        Assert.Equal(spec.Data, stored.Spec.Data);
        await RefusesAsync(ErrorKind.OutOfSequence, "update out of sequence", manager.Control.Secrets.UpdateAsync("key", version, relabelled, default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SecretControl.MaxBytes)]
    public async Task Secrets_have_a_size(int size)
    {
        OneManager manager = await OneManager.StartAsync();

        await RefusesAsync(ErrorKind.InvalidArgument, "secret data must be larger than 0 and less than 512000 bytes",
            manager.Control.Secrets.CreateAsync(new SecretSpec(new Annotations("key")) { Data = SensitiveBytes.From(new byte[size]) }, default));
    }

    [Fact]
    public async Task What_a_service_uses_cannot_be_removed()
    {
        OneManager manager = await OneManager.StartAsync();
        SecretId secret = await manager.Control.Secrets.CreateAsync(new SecretSpec(new Annotations("key")) { Data = SensitiveBytes.From("abc"u8) }, default);
        ConfigId config = await manager.Control.Configs.CreateAsync(new ConfigSpec(new Annotations("conf")) { Data = [1, 2] }, default);
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        var container = new ContainerSpec("nginx")
        {
            Secrets = [new SecretReference(secret, "key", new FileTarget("key", "0", "0", 292))],
            Configs = [new ConfigReference(config, "conf", new FileTarget("conf", "0", "0", 292))],
        };
        ServiceId service = await manager.Control.Services.CreateAsync(
            OneManager.Web("web") with { Task = new TaskSpec { Container = container, Networks = [new NetworkAttachmentSpec("net")] } }, default);

        await RefusesAsync(ErrorKind.InvalidArgument, "secret 'key' is in use by the following service: web", manager.Control.Secrets.RemoveAsync("key", default));
        await RefusesAsync(ErrorKind.InvalidArgument, "config 'conf' is in use by the following service: web", manager.Control.Configs.RemoveAsync("conf", default));
        await RefusesAsync(ErrorKind.FailedPrecondition, $"network {network} is in use by service {service}", manager.Control.Networks.RemoveAsync("net", default));

        await manager.Control.Services.RemoveAsync("web", default);
        await manager.Control.Secrets.RemoveAsync("key", default);
        await manager.Control.Configs.RemoveAsync("conf", default);
        await manager.Control.Networks.RemoveAsync("net", default);
    }

    [Fact]
    public async Task A_network_waits_for_the_tasks_in_it()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        var task = new SwarmTask(new TaskId("t1"), await manager.Control.Services.CreateAsync(OneManager.Web("web"), default), 1)
        {
            Spec = OneManager.Web("web").Task,
            ServiceAnnotations = new Annotations("web"),
            Status = new SwarmTaskStatus(TaskState.Running, manager.Time.GetUtcNow()),
            Networks = [new NetworkAttachment(network, null, 24)],
        };
        await manager.CommitAsync([new StoreChange.Create(task)]);

        await RefusesAsync(ErrorKind.FailedPrecondition, $"network {network} is in use by task t1", manager.Control.Networks.RemoveAsync("net", default));
        await manager.Control.Services.RemoveAsync("web", default);
        await manager.Control.Networks.RemoveAsync("net", default); // A task of a removed service is on its way out.
    }

    /// <summary>What <c>stack rm</c> and <c>stack deploy</c> do to a service with a long grace period.</summary>
    [Fact]
    public async Task A_removed_network_keeps_what_it_has_until_the_last_container_on_it_has_stopped()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        await manager.CommitAsync([new StoreChange.Update(manager.Store.View().Networks.Find(network)! with { Allocation = new NetworkAllocation(4100, Ipv4Prefix.Parse("10.0.9.0/24"), Ipv4Address.Parse("10.0.9.1")) })]);
        Node node = await manager.AddNodeAsync("w1", NodeRole.Worker);
        var task = new SwarmTask(new TaskId("t1"), new ServiceId("gone"), 1)
        {
            Node = node.Id,
            Spec = OneManager.Web("web").Task,
            ServiceAnnotations = new Annotations("web"),
            DesiredState = TaskState.Remove,
            Status = new SwarmTaskStatus(TaskState.Running, manager.Time.GetUtcNow()),
            Networks = [new NetworkAttachment(network, null, 24)],
        };
        await manager.CommitAsync([new StoreChange.Create(task)]);
        var loop = new Manager.Orchestration.RemovedNetworks();

        await manager.Control.Networks.RemoveAsync("net", default);

        StoreView view = manager.Store.View();
        Assert.Throws<ClusterException>(() => view.Network("net"));
        Assert.Throws<ClusterException>(() => view.Network(network.Value));
        Assert.Equal(4100, view.Networks.Find(network)!.Allocation!.Vni);
        Assert.False(Manager.Allocation.AllocationIndex.Of(view).Subnets.IsFree(Ipv4Prefix.Parse("10.0.9.0/24")));
        Assert.Contains(Manager.Dispatch.AssignmentPlanner.Plan(view, Manager.Dispatch.NetworkTables.Of(view), node.Id).Keys, k => k.Id == network.Value);
        Assert.Equal([network], loop.AllKeys(view));
        Assert.Empty(loop.Reconcile(view, network, Moment(manager)).Changes);

        NetworkId next = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        Assert.Equal(next, manager.Store.View().Network("net").Id);

        SwarmTask running = manager.Store.View().Tasks.Find(task.Id)!;
        await manager.CommitAsync([new StoreChange.Update(running with { Status = running.Status with { State = TaskState.Shutdown } })]);
        await manager.CommitAsync(loop.Reconcile(manager.Store.View(), network, Moment(manager)).Changes);
        Assert.Null(manager.Store.View().Networks.Find(network));
        Assert.Equal(next, manager.Store.View().Network("net").Id);
    }

    [Fact]
    public async Task A_node_that_is_lost_keeps_no_removed_network()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);
        Node node = await manager.AddNodeAsync("w1", NodeRole.Worker);
        await manager.CommitAsync([new StoreChange.Create(new SwarmTask(new TaskId("t1"), new ServiceId("gone"), 1)
        {
            Node = node.Id,
            Spec = OneManager.Web("web").Task,
            ServiceAnnotations = new Annotations("web"),
            DesiredState = TaskState.Remove,
            Status = new SwarmTaskStatus(TaskState.Running, manager.Time.GetUtcNow()),
            Networks = [new NetworkAttachment(network, null, 24)],
        })]);
        await manager.Control.Networks.RemoveAsync("net", default);
        await manager.CommitAsync([new StoreChange.Update(manager.Store.View().Nodes.Find(node.Id)! with { Status = new NodeStatus(NodeState.Down, "", "") })]);
        await manager.CommitAsync(new Manager.Orchestration.RemovedNetworks().Reconcile(manager.Store.View(), network, Moment(manager)).Changes);
        Assert.Null(manager.Store.View().Networks.Find(network));
    }

    private static Moment Moment(OneManager manager) => new(manager.Time.GetUtcNow(), manager.Ids, new Random(1));

    [Fact]
    public async Task Networks_of_the_nodes_and_second_meshes_are_refused()
    {
        OneManager manager = await OneManager.StartAsync();

        await RefusesAsync(ErrorKind.PermissionDenied, "host is a pre-defined network and cannot be removed", manager.Control.Networks.RemoveAsync("host", default));
        await RefusesAsync(ErrorKind.PermissionDenied, "operation is not permitted on predefined bridge network",
            manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("bridge")), default));
        ClusterException second = await Assert.ThrowsAsync<ClusterException>(
            () => manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("mesh2")) { Ingress = true }, default));
        Assert.Contains("is already present", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subnets_are_checked_and_do_not_overlap()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Networks.CreateAsync(With("a", new IpamPool("10.9.0.0/16", "", "10.9.0.1")), default);

        ClusterException overlap = await Assert.ThrowsAsync<ClusterException>(() => manager.Control.Networks.CreateAsync(With("b", new IpamPool("10.9.4.0/24", "", "")), default));
        Assert.Contains("Pool overlaps with other one on this address space", overlap.Message, StringComparison.Ordinal);
        await RefusesAsync(ErrorKind.InvalidArgument, "ipam configuration: invalid gateway 10.1.0.1 in subnet 10.8.0.0/24",
            manager.Control.Networks.CreateAsync(With("b", new IpamPool("10.8.0.0/24", "", "10.1.0.1")), default));
        await RefusesAsync(ErrorKind.NotImplemented, "overlay option 'nonsense' is not supported; there are encrypted, com.docker.network.driver.mtu",
            manager.Control.Networks.CreateAsync(
                new NetworkSpec(new Annotations("b")) { Driver = new Driver("overlay") { Options = ValueMap<string, string>.Empty.Set("nonsense", "") } }, default));
        await RefusesAsync(ErrorKind.NotImplemented, "overlay option 'encrypted': Skep does not encrypt networks between nodes yet; leave it out, or join the machines by WireGuard and give its addresses with --data-path-addr",
            manager.Control.Networks.CreateAsync(
                new NetworkSpec(new Annotations("b")) { Driver = new Driver("overlay") { Options = ValueMap<string, string>.Empty.Set("encrypted", "") } }, default));
    }

    [Fact]
    public async Task The_last_manager_stays_a_manager()
    {
        OneManager manager = await OneManager.StartAsync();
        Node self = manager.Store.View().Nodes.Find(manager.Self)!;

        await RefusesAsync(ErrorKind.FailedPrecondition, "attempting to demote the last manager of the swarm",
            manager.Control.Nodes.UpdateAsync("m1", self.Version.Index, self.Spec with { DesiredRole = NodeRole.Worker }, default));
    }

    [Fact]
    public async Task A_demotion_that_would_lose_the_quorum_is_refused()
    {
        OneManager manager = await OneManager.StartAsync();
        Node second = await manager.AddNodeAsync("m2", NodeRole.Manager);
        Node third = await manager.AddNodeAsync("m03", NodeRole.Manager);
        manager.Unreachable = [third.Id];

        await RefusesAsync(ErrorKind.FailedPrecondition,
            "can't remove member from the raft: this would result in a loss of quorum: 2 of 3 managers answer; after this 1 of 2 would, and 2 are needed; bring back, or demote first, what does not answer: m03",
            manager.Control.Nodes.UpdateAsync("m2", second.Version.Index, second.Spec with { DesiredRole = NodeRole.Worker }, default));
        await manager.Control.Nodes.UpdateAsync("m03", third.Version.Index, third.Spec with { DesiredRole = NodeRole.Worker }, default);
    }

    [Fact]
    public async Task A_learner_holds_up_no_quorum_and_costs_none()
    {
        OneManager manager = await OneManager.StartAsync();
        Node self = manager.Store.View().Nodes.Find(manager.Self)!;
        Node second = await manager.AddNodeAsync("m2", NodeRole.Manager);
        Node third = await manager.AddNodeAsync("m03", NodeRole.Manager);
        manager.Learners = [second.Id, third.Id];

        // Two learners look like a majority of three; neither of them can decide anything.
        await RefusesAsync(ErrorKind.FailedPrecondition,
            "can't remove member from the raft: this would result in a loss of quorum: 1 of 1 manager answers; after this 0 of 0 would, and 1 is needed; let another manager join first",
            manager.Control.Nodes.UpdateAsync("m1", self.Version.Index, self.Spec with { DesiredRole = NodeRole.Worker }, default));
        manager.Unreachable = [third.Id];
        await manager.Control.Nodes.UpdateAsync("m03", third.Version.Index, third.Spec with { DesiredRole = NodeRole.Worker }, default);
        await manager.Control.Nodes.UpdateAsync("m2", second.Version.Index, second.Spec with { DesiredRole = NodeRole.Worker }, default);
    }

    [Fact]
    public async Task Removing_a_node_refuses_its_certificate_and_orphans_its_tasks()
    {
        OneManager manager = await OneManager.StartAsync();
        Node worker = await manager.AddNodeAsync("w1", NodeRole.Worker);
        var task = new SwarmTask(new TaskId("t1"), new ServiceId("s"), 1)
        {
            Node = worker.Id,
            Spec = OneManager.Web("web").Task,
            ServiceAnnotations = new Annotations("web"),
            Status = new SwarmTaskStatus(TaskState.Running, manager.Time.GetUtcNow()),
        };
        await manager.CommitAsync([new StoreChange.Create(task)]);

        await RefusesAsync(ErrorKind.FailedPrecondition, "node w1 is not down and can't be removed", manager.Control.Nodes.RemoveAsync("w1", force: false, default));
        await manager.Control.Nodes.RemoveAsync("w1", force: true, default);

        StoreView view = manager.Store.View();
        Assert.Null(view.Nodes.Find(worker.Id));
        Assert.Equal(manager.Time.GetUtcNow() + ClusterSpec.Default.CertificateLifetime, view.Cluster!.RemovedNodes[worker.Id]);
        Assert.Equal(TaskState.Orphaned, view.Tasks.Find(task.Id)!.Status.State);
    }

    [Fact]
    public async Task A_manager_is_demoted_before_it_is_removed()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.AddNodeAsync("m2", NodeRole.Manager);

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => manager.Control.Nodes.RemoveAsync("m2", force: true, default));
        Assert.Contains("It must be demoted to worker before removal", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_rotate_one_by_one()
    {
        OneManager manager = await OneManager.StartAsync();
        Cluster before = manager.Store.View().Cluster!;

        await manager.Control.Swarm.UpdateAsync(before.Version.Index, spec => spec with { TaskHistoryLimit = 2 }, new SecretRotation(WorkerToken: true, ManagerToken: false, UnlockKey: false), brought: null, default);

        Cluster after = manager.Store.View().Cluster!;
        Assert.Equal(2, after.Spec.TaskHistoryLimit);
        Assert.NotEqual(before.JoinTokens.Worker, after.JoinTokens.Worker);
        Assert.Equal(before.JoinTokens.Manager, after.JoinTokens.Manager);
    }

    [Fact]
    public async Task Autolock_makes_an_unlock_key_that_rotates_when_asked_and_goes_with_it()
    {
        OneManager manager = await OneManager.StartAsync();

        SensitiveBytes first = await UpdateAsync(locked: true, rotate: false);
        Assert.Equal(first, UnlockKey.Parse(System.Text.Encoding.ASCII.GetString(first.Reveal())));
        Assert.Equal(first, await UpdateAsync(locked: true, rotate: false));
        SensitiveBytes second = await UpdateAsync(locked: true, rotate: true);
        Assert.NotEqual(first, second);
        Assert.Equal(0, (await UpdateAsync(locked: false, rotate: false)).Length);
        Assert.NotEqual(second, await UpdateAsync(locked: true, rotate: false));

        async Task<SensitiveBytes> UpdateAsync(bool locked, bool rotate)
        {
            await manager.Control.Swarm.UpdateAsync(
                manager.Store.View().Cluster!.Version.Index, spec => spec with { AutoLockManagers = locked }, new SecretRotation(false, false, rotate), brought: null, default);
            return manager.Store.View().Cluster!.UnlockKey;
        }
    }

    private static NetworkSpec With(string name, IpamPool pool) => new(new Annotations(name)) { Ipam = new IpamSpec { Pools = [pool] } };
}
