using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

/// <summary>Random users, failing tasks and failing nodes; then quiet. Rules hold at every batch, and in the end everything is as asked.</summary>
public sealed class ConvergenceTests
{
    private static readonly string[] Images = ["a", "b", "c"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 24)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_happened_the_cluster_comes_to_what_was_asked(int seed)
    {
        var cluster = new SimCluster(seed, nodes: 5);
        var rules = new SafetyRules();
        cluster.Check = rules.Check;
        cluster.Create(Things.Overlay("net1"), Things.Overlay("net2", "10.9.0.0/26"));
        cluster.Agents.Speed = 0.5;
        cluster.Agents.FailureRate = 0.01;
        for (int i = 0; i < 60; i++)
        {
            Disturb(cluster);
            cluster.Run(TimeSpan.FromSeconds(cluster.Random.Next(0, 8)), TimeSpan.FromMilliseconds(500));
        }

        Calm(cluster);
        cluster.Run(TimeSpan.FromSeconds(180), TimeSpan.FromMilliseconds(500));
        foreach (Service service in cluster.View.Services)
        {
            AssertAsAsked(cluster, service, seed);
        }

        Assert.DoesNotContain(cluster.View.Tasks, t => cluster.View.Services.Find(t.ServiceId) is null);
    }

    private static void Calm(SimCluster cluster)
    {
        cluster.Agents.FailureRate = 0;
        foreach (Node node in cluster.View.Nodes.ToArray())
        {
            cluster.Update(node with { Spec = node.Spec with { Availability = NodeAvailability.Active }, Status = new NodeStatus(NodeState.Ready, "", "") });
        }

        foreach (Service service in cluster.View.Services.Where(s => s.UpdateStatus?.State is UpdateState.Paused or UpdateState.RollbackPaused).ToArray())
        {
            cluster.Update(service with { UpdateStatus = null });
        }
    }

    private static void AssertAsAsked(SimCluster cluster, Service service, int seed)
    {
        SwarmTask[] running = cluster.Running(service.Name);
        int expected = service.Spec.Mode is ServiceMode.Replicated replicated ? (int)replicated.Replicas : cluster.View.Nodes.Count;
        string all = string.Join("\n", cluster.Tasks(service.Name).Select(t => $"{t.Slot} {t.Node} v{t.SpecVersion} {t.Spec.Container.Image} wants {t.DesiredState} is {t.Status.State} {t.Status.Error}"));
        Assert.True(running.Length == expected, $"seed {seed}: {service.Name} has {running.Length} of {expected}, {service.UpdateStatus}\n{all}");
        Assert.All(running, t => Assert.Equal(service.Spec.Task.Container.Image, t.Spec.Container.Image));
        Assert.DoesNotContain(cluster.Tasks(service.Name), t => t.DesiredState > TaskState.Running && t.Status.State <= TaskState.Running);
        Assert.NotEqual(UpdateState.Updating, service.UpdateStatus?.State);
        Assert.NotEqual(UpdateState.RollbackStarted, service.UpdateStatus?.State);
    }

    private int _names;

    private void Disturb(SimCluster cluster)
    {
        Random random = cluster.Random;
        Node[] nodes = [.. cluster.View.Nodes];
        Service[] services = [.. cluster.View.Services];
        Node node = nodes[random.Next(nodes.Length)];
        switch (random.Next(9))
        {
            case 0 or 1 when services.Length < 6:
                string name = $"s{_names++}";
                cluster.Create(new Service(new ServiceId(name)) { Spec = Spec(name, random) });
                break;
            case 2 or 3 when services.Length > 0:
                Service changed = services[random.Next(services.Length)];
                ServiceSpec spec = Spec(changed.Name, random);
                cluster.Update(changed.Updated(spec with { Mode = changed.Spec.Mode is ServiceMode.Global || spec.Mode is ServiceMode.Global ? changed.Spec.Mode : spec.Mode }));
                break;
            case 4 when services.Length > 2:
                cluster.Apply(StoreChange.Remove.Of(services[random.Next(services.Length)]));
                break;
            case 5:
                cluster.Update(node with { Status = new NodeStatus(node.Status.State == NodeState.Down ? NodeState.Ready : NodeState.Down, "", "") { Since = cluster.Now } });
                break;
            case 6:
                cluster.Update(node with { Spec = node.Spec with { Availability = (NodeAvailability)random.Next(3) } });
                break;
            case 8:
                cluster.ChangeLeader();
                break;
            case 7 when nodes.Length > 3:
                cluster.Apply(StoreChange.Remove.Of(node));
                cluster.Create(Things.Node($"m{_names++}"));
                break;
        }
    }

    private static ServiceSpec Spec(string name, Random random)
    {
        ServiceSpec spec = Things.Spec(name, (ulong)random.Next(0, 8), Images[random.Next(Images.Length)], new RestartPolicySpec { Delay = TimeSpan.FromSeconds(random.Next(0, 3)) });
        spec = random.Next(4) == 0 ? spec with { Mode = new ServiceMode.Global() } : spec;
        spec = random.Next(2) == 0 ? spec.On("net1") : random.Next(2) == 0 ? spec.On("net2", "net1-id") : spec;
        spec = random.Next(3) == 0 ? spec.Publishing(Things.Port(80)) : spec;
        return spec with
        {
            Update = new UpdateConfig
            {
                Parallelism = (ulong)random.Next(0, 3),
                Delay = TimeSpan.FromSeconds(random.Next(0, 2)),
                FailureAction = (UpdateFailureAction)random.Next(3),
                MaxFailureRatio = random.Next(2) * 0.3f,
            },
        };
    }
}
