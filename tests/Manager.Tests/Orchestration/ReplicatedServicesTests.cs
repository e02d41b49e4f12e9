using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

public sealed class ReplicatedServicesTests
{
    [Fact]
    public void New_service_gets_its_tasks_assigned_at_once()
    {
        var cluster = new SimCluster(1, nodes: 3);
        cluster.Create(Things.Service("web", replicas: 6));
        cluster.Settle();
        SwarmTask[] tasks = cluster.Tasks("web");
        Assert.Equal(Enumerable.Range(1, 6), tasks.Select(t => t.Slot));
        Assert.All(tasks, t => Assert.Equal((TaskState.Assigned, TaskState.Running), (t.Status.State, t.DesiredState)));
        Assert.All(tasks.CountBy(t => t.Node!.Value), n => Assert.Equal(2, n.Value));
    }

    [Fact]
    public void Service_with_network_and_port_runs_with_addresses()
    {
        var cluster = new SimCluster(1, nodes: 2);
        Service web = Things.Service("web", replicas: 2);
        cluster.Create(Things.Overlay("back"), web with { Spec = web.Spec.On("back").Publishing(Things.Port(80)) });
        cluster.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(2, cluster.Running("web").Length);
        Assert.Equal(30000, cluster.Service("web").Endpoint!.Ports[0].PublishedPort);
        Assert.All(cluster.Running("web"), t => Assert.Equal(2, t.Networks.Count));
        Assert.Equal(4, cluster.Running("web").SelectMany(t => t.Networks).Select(n => n.Address).Distinct().Count());
        Assert.Equal(4096, cluster.View.Networks.Find(Things.IngressId)!.Allocation!.Vni);
    }

    [Fact]
    public void Removed_service_takes_its_tasks_down()
    {
        var cluster = new SimCluster(1, nodes: 2);
        cluster.Create(Things.Service("web", replicas: 3));
        cluster.Run(TimeSpan.FromSeconds(3));
        cluster.Apply(StoreChange.Remove.Of(cluster.Service("web")));
        cluster.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(cluster.Tasks("web"));
    }

    [Fact]
    public void Scaling_down_leaves_the_rest_spread()
    {
        var cluster = new SimCluster(1, nodes: 3);
        cluster.Create(Things.Service("web", replicas: 9));
        cluster.Run(TimeSpan.FromSeconds(3));
        Service web = cluster.Service("web");
        cluster.Update(web.Updated(Things.Spec("web", replicas: 3)));
        cluster.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(3, cluster.Running("web").Select(t => t.Node).Distinct().Count());
        Assert.Equal(3, cluster.Running("web").Length);
    }
}
