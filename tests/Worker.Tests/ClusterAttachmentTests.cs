using Skep.Engine.Networks;
using Skep.Worker.Agent;

namespace Skep.Worker.Tests;

/// <summary>Places of users' containers in cluster networks, on their node.</summary>
public sealed class ClusterAttachmentTests
{
    private static readonly NetworkId Net = new("net");

    [Fact]
    public void Places_of_no_container_are_given_back_and_lost_ones_asked_for_again()
    {
        AttachmentRecord kept = Hold("kept"), lost = Hold("lost"), asking = Hold("asking");
        (IReadOnlyList<TaskId> extra, IReadOnlyList<AttachmentRecord> missing) = ClusterAttachments.Compare(
            [Listed("t1", "kept"), Listed("t2", "gone"), Listed("t3", "starting")], [kept, lost, asking], new HashSet<string> { "starting", "asking" });
        Assert.Equal([new TaskId("t2")], extra);
        Assert.Equal([lost], missing);
    }

    [Fact]
    public void A_place_is_no_task_to_run_and_is_known_by_the_names_of_its_container()
    {
        var node = new NodeId("self");
        AssignmentView view = AssignmentView.Of(
        [
            new AssignmentItem.Peer(node, "h", 1, "192.168.0.1", "", ValueMap<NetworkId, Ipv4Address>.Empty, true),
            new AssignmentItem.NetworkInfo(new Network(Net) { Spec = new NetworkSpec(new Annotations("my")), Allocation = new NetworkAllocation(4097, Ipv4Prefix.Parse("10.0.1.0/24"), Ipv4Address.Parse("10.0.1.1")) }),
            new AssignmentItem.TaskEndpoint(Net, new TaskId("t1"), ServiceId.None, "shell", node, Ipv4Address.Parse("10.0.1.5"), EndpointState.Serving, ["sh", "0123456789ab"]),
            new AssignmentItem.TaskEndpoint(Net, new TaskId("t2"), ServiceId.None, "other", node, Ipv4Address.Parse("10.0.1.6"), EndpointState.Serving, []),
            new AssignmentItem.TaskAssignment(Listed("t1", "c")),
        ]);
        Assert.Empty(view.Tasks);
        Assert.Single(view.Attachments);
        ValueMap<string, ValueList<Ipv4Address>> names = DesiredNetworkBuilder.Build(view, node, "h", [], [])!.Dns[Net].Names;
        foreach (string name in (string[])["shell", "sh", "0123456789ab"])
        {
            Assert.Equal([Ipv4Address.Parse("10.0.1.5")], names[name]);
        }

        Assert.Equal([Ipv4Address.Parse("10.0.1.6")], names["other"]);
    }

    private static AttachmentRecord Hold(string container) => new(container, container, Net, [], Ipv4Address.Parse("10.0.1.9"));

    private static SwarmTask Listed(string id, string container) => new(new TaskId(id), ServiceId.None, 0)
    {
        Spec = new TaskSpec { Container = new ContainerSpec("") },
        ServiceAnnotations = new Annotations(container),
        Status = new SwarmTaskStatus(TaskState.Assigned, DateTimeOffset.UnixEpoch),
        Networks = [new NetworkAttachment(Net, Ipv4Address.Parse("10.0.1.5"), 24)],
        Attachment = new TaskAttachment(container, null),
    };
}
