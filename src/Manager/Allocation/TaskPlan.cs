using System.Diagnostics.CodeAnalysis;

namespace Skep.Manager.Allocation;

/// <summary>Decides a task's places in networks.</summary>
internal static class TaskPlan
{
    /// <param name="ingress">Null when there is none or it has no subnet yet.</param>
    /// <param name="pending">The task as it goes on to the scheduler; null when something is missing.</param>
    /// <param name="reason">What is missing; empty while a network only waits for its own turn.</param>
    public static bool TryAllocate(
        SwarmTask task, ServiceEndpoint endpoint, AllocationIndex book, StoreView view, Network? ingress, DateTimeOffset now,
        [NotNullWhen(true)] out SwarmTask? pending, out string reason)
    {
        pending = null;
        var attachments = new List<NetworkAttachment>();
        foreach (NetworkAttachmentSpec spec in task.Spec.Networks)
        {
            if (NetworkPlan.Find(view, spec.Target) is not { } network)
            {
                reason = $"network {spec.Target} not found";
                return false;
            }

            if (!network.IsOverlay())
            {
                attachments.Add(new NetworkAttachment(network.Id, null, 0) { Aliases = spec.Aliases });
            }
            else if (!TryAttach(network, spec.Aliases, book, attachments, out reason))
            {
                return false;
            }
        }

        bool usesMesh = endpoint.Ports.Any(p => p.Mode == PublishMode.Ingress);
        reason = usesMesh && ingress is null ? "service needs ingress network, but no ingress network is present" : "";
        if (usesMesh && (ingress is null || !TryAttach(ingress, [], book, attachments, out reason)))
        {
            return false;
        }

        pending = task with
        {
            Networks = attachments.ToValueList(),
            Endpoint = endpoint,
            Status = new SwarmTaskStatus(TaskState.Pending, now) { Message = "pending task scheduling" },
        };
        return true;
    }

    /// <summary>An attachment's node is given and nothing of it runs, so nobody has to place it: it goes on to its node.</summary>
    public static bool TryAttach(SwarmTask task, AllocationIndex book, StoreView view, DateTimeOffset now, [NotNullWhen(true)] out SwarmTask? assigned, out string reason)
    {
        assigned = null;
        var attachments = new List<NetworkAttachment>();
        foreach (NetworkAttachmentSpec spec in task.Spec.Networks)
        {
            if (NetworkPlan.Find(view, spec.Target) is not { } network)
            {
                reason = $"network {spec.Target} not found";
                return false;
            }

            if (task.Attachment?.Address is { } wanted && book.PoolOf(network.Id) is { } pool)
            {
                if (!book.TryTakeAddress(network.Id, wanted))
                {
                    reason = $"Address already in use: {wanted}";
                    return false;
                }

                attachments.Add(new NetworkAttachment(network.Id, wanted, pool.Subnet.Length) { Aliases = spec.Aliases });
            }
            else if (!TryAttach(network, spec.Aliases, book, attachments, out reason))
            {
                return false;
            }
        }

        reason = "";
        assigned = task with
        {
            Networks = attachments.ToValueList(),
            Status = new SwarmTaskStatus(TaskState.Assigned, now) { Message = "attached" },
        };
        return true;
    }

    public static string Exhausted(Network network, AddressPool pool) => $"network {network.Name} has no free address: all {pool.Capacity} of {pool.Subnet} are in use";

    private static bool TryAttach(Network network, ValueList<string> aliases, AllocationIndex book, List<NetworkAttachment> attachments, out string reason)
    {
        reason = "";
        if (book.PoolOf(network.Id) is not { } pool)
        {
            return false;
        }

        if (book.TakeAddress(network.Id) is not { } address)
        {
            reason = Exhausted(network, pool);
            return false;
        }

        attachments.Add(new NetworkAttachment(network.Id, address, pool.Subnet.Length) { Aliases = aliases });
        return true;
    }
}
