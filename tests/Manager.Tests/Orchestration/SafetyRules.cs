using Skep.Model;
using Skep.Model.Net;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

/// <summary>What must hold after every batch.</summary>
internal sealed class SafetyRules
{
    private readonly Dictionary<NodeId, ulong> _lastDown = [];

    public void Check(StoreView before, StoreView view)
    {
        foreach (Node node in view.Nodes.Where(n => n.Status.State == NodeState.Down))
        {
            _lastDown[node.Id] = view.Index;
        }

        NoAddressTwice(view);
        NoSlotTwice(view);
        StatesGoForward(before, view);
    }

    private static void NoAddressTwice(StoreView view)
    {
        var seen = new HashSet<(NetworkId, Ipv4Address)>();
        IEnumerable<(NetworkId, Ipv4Address)> held = view.Tasks.Where(t => t.Status.State <= TaskState.Running).SelectMany(t => t.Networks).Where(n => n.Address is not null).Select(n => (n.Network, n.Address!.Value))
            .Concat(view.Services.SelectMany(s => s.Endpoint?.VirtualIps ?? []).Select(v => (v.Network, v.Address)))
            .Concat(view.Nodes.SelectMany(n => n.Attachments).Select(a => (a.Key, a.Value)))
            .Concat(view.Networks.Where(n => n.Allocation is not null).Select(n => (n.Id, n.Allocation!.Gateway)));
        foreach ((NetworkId network, Ipv4Address address) in held)
        {
            Assert.True(seen.Add((network, address)), $"{address} of {network} is given twice at {view.Index}");
            Assert.True(view.Networks.Find(network)!.Allocation!.Subnet.Contains(address));
        }
    }

    /// <summary>As far as managers can know: what went on behind a node that was down is another matter.</summary>
    private void NoSlotTwice(StoreView view)
    {
        var running = view.Tasks
            .Where(t => t.Status.State is TaskState.Starting or TaskState.Running && t.Node is { } node && view.Nodes.Find(node) is not null
                && (!_lastDown.TryGetValue(node, out ulong down) || t.Version.Index > down))
            .GroupBy(t => (t.ServiceId, t.Slot, Node: t.Slot == 0 ? t.Node : null));
        foreach (var slot in running)
        {
            Assert.True(slot.Count() == 1, $"{slot.Key} runs {string.Join(" and ", slot.Select(t => t.Id))} at {view.Index}");
        }
    }

    private static void StatesGoForward(StoreView before, StoreView view)
    {
        foreach (SwarmTask task in view.Tasks.Where(t => t.Version.Index == view.Index))
        {
            if (before.Tasks.Find(task.Id) is { } old)
            {
                Assert.True(task.Status.State >= old.Status.State && task.DesiredState >= old.DesiredState, $"{task.Id} goes backwards");
                Assert.True(old.Node is null || task.Node == old.Node, $"{task.Id} moves");
            }
        }
    }
}
