using System.Globalization;
using Skep.Engine.Events;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>What happened to the cluster's objects, in the words of Docker's events with scope swarm.</summary>
/// <remarks>Source: moby/moby:daemon/events.go, logClusterEvent. Updates that change nothing a user asked for or sees are left out.</remarks>
internal static class ClusterEvents
{
    public static NodeEvent? Describe(StoreEvent change) => (change.Old, change.New) switch
    {
        (Service old, Service present) => IsSilent(old, present) ? null : Event("service", "update", present, present.Name, Changes(old, present)),
        (_, Service present) => Event("service", "create", present, present.Name, []),
        (Service old, null) => Event("service", "remove", old, old.Name, []),
        (Node old, Node present) => IsSilent(old, present) ? null : Event("node", "update", present, present.Hostname, Changes(old, present)),
        (_, Node present) => Event("node", "create", present, present.Hostname, []),
        (Node old, null) => Event("node", "remove", old, old.Hostname, []),
        (Network { IsRemoved: false }, Network { IsRemoved: true } gone) => Event("network", "remove", gone, gone.Name, []),
        (Network, Network) or (Network { IsRemoved: true }, null) => null,
        (_, Network present) => Event("network", "create", present, present.Name, []),
        (Network old, null) => Event("network", "remove", old, old.Name, []),
        (Secret, Secret present) => Event("secret", "update", present, present.Name, []),
        (_, Secret present) => Event("secret", "create", present, present.Name, []),
        (Secret old, null) => Event("secret", "remove", old, old.Name, []),
        (Config, Config present) => Event("config", "update", present, present.Name, []),
        (_, Config present) => Event("config", "create", present, present.Name, []),
        (Config old, null) => Event("config", "remove", old, old.Name, []),
        _ => null,
    };

    private static NodeEvent Event(string type, string action, IStoredObject stored, string name, IEnumerable<(string, string)> more)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = name };
        foreach ((string key, string value) in more)
        {
            attributes[key] = value;
        }

        return new NodeEvent(type, action, stored.Key, attributes.ToValueMap())
        {
            IsOfCluster = true,
            // A removed object does not say when; then it is the moment of telling.
            Time = action switch { "create" => stored.CreatedAt, "update" => stored.UpdatedAt, _ => default },
        };
    }

    private static bool IsSilent(Service old, Service present)
        => old.Spec == present.Spec && old.UpdateStatus?.State == present.UpdateStatus?.State && old.Trouble == present.Trouble;

    private static bool IsSilent(Node old, Node present)
        => old.Spec == present.Spec && old.Status.State == present.Status.State && old.Role == present.Role && old.Description == present.Description
            && old.Manager is null == present.Manager is null;

    private static IEnumerable<(string, string)> Changes(Service old, Service present)
    {
        if (old.Spec.Mode is ServiceMode.Replicated before && present.Spec.Mode is ServiceMode.Replicated after && before != after)
        {
            yield return ("replicas.old", before.Replicas.ToString(CultureInfo.InvariantCulture));
            yield return ("replicas.new", after.Replicas.ToString(CultureInfo.InvariantCulture));
        }

        if (old.Spec.Task.Container.Image != present.Spec.Task.Container.Image)
        {
            yield return ("image.old", old.Spec.Task.Container.Image);
            yield return ("image.new", present.Spec.Task.Container.Image);
        }

        if (old.UpdateStatus?.State != present.UpdateStatus?.State)
        {
            yield return ("updatestate.old", old.UpdateStatus?.State.ToWire() ?? "");
            yield return ("updatestate.new", present.UpdateStatus?.State.ToWire() ?? "");
        }

        if (old.Trouble != present.Trouble)
        {
            yield return ("trouble", present.Trouble);
        }
    }

    private static IEnumerable<(string, string)> Changes(Node old, Node present)
    {
        if (old.Spec.Availability != present.Spec.Availability)
        {
            yield return ("availability.old", old.Spec.Availability.ToWire());
            yield return ("availability.new", present.Spec.Availability.ToWire());
        }

        if (old.Spec.DesiredRole != present.Spec.DesiredRole)
        {
            yield return ("role.old", old.Spec.DesiredRole.ToWire());
            yield return ("role.new", present.Spec.DesiredRole.ToWire());
        }

        // Membership of the Raft group, by address; a learner that is dropped for its silence shows here.
        if (old.Manager is null != present.Manager is null)
        {
            yield return ("manager.old", old.Manager?.Address ?? "");
            yield return ("manager.new", present.Manager?.Address ?? "");
        }

        if (old.Status.State != present.Status.State)
        {
            yield return ("state.old", old.Status.State.ToWire());
            yield return ("state.new", present.Status.State.ToWire());
        }
    }
}
