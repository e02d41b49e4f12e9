namespace Skep.Manager.Allocation;

/// <summary>Decides what everything that waits is given, from the book and the view it is of. Pure, save for where the book's searches stand.</summary>
/// <remarks>
/// A node holds one address, of the ingress network: its place in the mesh. In other networks it needs none, since those are routed and have no balancer of
/// their own, so a network of 254 addresses serves 254 tasks and virtual addresses, on however many nodes.
/// Source: moby/swarmkit:manager/allocator/network.go.
/// </remarks>
internal static class Allocator
{
    /// <summary>Tasks given addresses in one plan; the rest follows with the next.</summary>
    private const int MostTasks = 1000;

    public static List<StoreChange> Plan(AllocationIndex book, StoreView view, DateTimeOffset now)
    {
        var changes = new List<StoreChange>();
        Network? ingress = view.Networks.FirstOrDefault(n => n.Spec.Ingress);
        Networks(book, view, changes);
        Nodes(book, view, ingress, changes);
        Dictionary<ServiceId, string> stuck = Services(book, view, changes);
        Tasks(book, view, ingress, now, stuck, changes);
        book.Release(0);
        return changes;
    }

    private static void Networks(AllocationIndex book, StoreView view, List<StoreChange> changes)
    {
        if (view.Cluster is null)
        {
            return;
        }

        // The ingress network first: by custom it has the first id and the first subnet; then those that ask for a certain subnet.
        foreach (Network network in book.NetworksWaiting.Select(view.Networks.Find).OfType<Network>()
            .OrderByDescending(n => n.Spec.Ingress).ThenByDescending(n => n.Spec.Ipam is { Pools: [{ Subnet.Length: > 0 }, ..] }).ThenBy(n => n.CreatedAt).ThenBy(n => n.Id))
        {
            if (NetworkPlan.Allocate(network, book, view) is { } allocation)
            {
                changes.Add(new StoreChange.Update(network with { Allocation = allocation }));
            }
        }
    }

    private static void Nodes(AllocationIndex book, StoreView view, Network? ingress, List<StoreChange> changes)
    {
        foreach (NodeId id in book.NodesToCheck.ToArray())
        {
            if (view.Nodes.Find(id) is not { } node)
            {
                continue;
            }

            bool isDone = ingress is null || ingress.Allocation is not null;
            ValueMap<NetworkId, Ipv4Address> attachments = ValueMap<NetworkId, Ipv4Address>.Empty;
            if (ingress?.Allocation is not null)
            {
                Ipv4Address? mesh = node.Attachments.TryGetValue(ingress.Id, out Ipv4Address present) ? present : book.TakeAddress(ingress.Id);
                isDone = mesh is not null;
                attachments = mesh is { } address ? attachments.Set(ingress.Id, address) : attachments;
            }

            Node allocated = node with { NetworkIndex = node.NetworkIndex == 0 ? book.TakeNodeIndex() : node.NetworkIndex, Attachments = attachments };
            if (allocated != node)
            {
                changes.Add(new StoreChange.Update(allocated));
            }
            else if (isDone)
            {
                book.NodesToCheck.Remove(id);
            }
        }
    }

    /// <returns>Services that cannot have what they ask for now, and why.</returns>
    private static Dictionary<ServiceId, string> Services(AllocationIndex book, StoreView view, List<StoreChange> changes)
    {
        var stuck = new Dictionary<ServiceId, string>();
        foreach (ServiceId id in book.ServicesToCheck.ToArray())
        {
            if (view.Services.Find(id) is not { } service)
            {
                book.ServicesToCheck.Remove(id);
                continue;
            }

            int mark = book.Mark();
            if (!EndpointPlan.TryMake(service, book, view, out ServiceEndpoint? endpoint, out string reason))
            {
                book.Release(mark);
                stuck[id] = reason;
            }
            else if (endpoint == service.Endpoint)
            {
                book.ServicesToCheck.Remove(id);
            }
            else
            {
                changes.Add(new StoreChange.Update(service with { Endpoint = endpoint }));
            }
        }

        return stuck;
    }

    private static void Tasks(AllocationIndex book, StoreView view, Network? ingress, DateTimeOffset now, Dictionary<ServiceId, string> stuck, List<StoreChange> changes)
    {
        if (!book.HasNewTasks)
        {
            return;
        }

        int given = 0;
        foreach (SwarmTask task in book.NewTasks)
        {
            if (given == MostTasks)
            {
                break;
            }

            string reason;
            if (task.Attachment is not null)
            {
                int mark = book.Mark();
                if (TaskPlan.TryAttach(task, book, view, now, out SwarmTask? assigned, out reason))
                {
                    changes.Add(new StoreChange.Update(assigned));
                    given++;
                    continue;
                }

                book.Release(mark);
            }
            else if (view.Services.Find(task.ServiceId) is not { } service)
            {
                continue; // A task whose service is gone is not started any more.
            }
            else if (book.ServicesToCheck.Contains(service.Id) && !EndpointPlan.IsTrivial(service))
            {
                // Its service comes first; this very plan may see to that.
                reason = stuck.GetValueOrDefault(service.Id, "");
            }
            else
            {
                ServiceEndpoint endpoint = service.Endpoint ?? new ServiceEndpoint(service.Spec.Endpoint?.Mode ?? EndpointMode.Vip);
                int mark = book.Mark();
                if (TaskPlan.TryAllocate(task, endpoint, book, view, ingress, now, out SwarmTask? pending, out reason))
                {
                    changes.Add(new StoreChange.Update(pending));
                    given++;
                    continue;
                }

                book.Release(mark);
            }

            if (reason.Length > 0 && reason != task.Status.Error)
            {
                changes.Add(new StoreChange.Update(task with { Status = task.Status with { Timestamp = now, Error = reason } }));
            }
        }
    }
}
