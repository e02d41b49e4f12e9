using System.Globalization;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;

namespace Skep.Engine.Events;

/// <summary>Tells one container's life to who listens, in Docker's words and order. An end is told once, whoever sees it first.</summary>
/// <param name="image">As the spec names it.</param>
internal sealed class ContainerEvents(EventHub events, string id, string name, string image)
{
    private ValueList<LocalMount> _volumes = [];
    private ValueList<LocalEndpoint> _networks = [];
    private int _hasEnded;

    /// <summary>Told with every event.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();

    public void Created(ValueList<LocalMount> mounts, ValueList<LocalEndpoint> networks)
    {
        _volumes = mounts.Where(m => m.Kind == MountKind.Volume).ToValueList();
        _networks = networks;
        Tell("create");
    }

    public void Started()
    {
        Interlocked.Exchange(ref _hasEnded, 0);
        foreach (LocalEndpoint network in _networks)
        {
            PublishNetwork("connect", network);
        }

        foreach (LocalMount volume in _volumes)
        {
            events.Publish(
                "volume", "mount", volume.Name,
                ("container", id), ("destination", volume.Target), ("driver", volume.Driver), ("propagation", volume.Propagation), ("read/write", volume.ReadOnly ? "false" : "true"));
        }

        Tell("start");
    }

    public void Killed(int signal) => Tell("kill", ("signal", signal.ToString(CultureInfo.InvariantCulture)));

    /// <param name="startedAt">Null: not known; then the time it ran is left out.</param>
    public void Ended(ProcessExit exit, bool outOfMemory, DateTimeOffset? startedAt)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
        {
            return;
        }

        if (outOfMemory)
        {
            Tell("oom");
        }

        string code = exit.Code.ToString(CultureInfo.InvariantCulture);
        if (startedAt is { } start)
        {
            Tell("die", ("execDuration", ((long)Math.Max(0, (exit.At - start).TotalSeconds)).ToString(CultureInfo.InvariantCulture)), ("exitCode", code));
        }
        else
        {
            Tell("die", ("exitCode", code));
        }

        foreach (LocalEndpoint network in _networks)
        {
            PublishNetwork("disconnect", network);
        }

        foreach (LocalMount volume in _volumes)
        {
            events.Publish("volume", "unmount", volume.Name, ("container", id), ("driver", volume.Driver));
        }
    }

    public void Stopped() => Tell("stop");

    public void Health(HealthState state) => Tell($"health_status: {state.ToString().ToLowerInvariant()}");

    public void Destroyed() => Tell("destroy");

    private void Tell(string action, params ReadOnlySpan<(string Key, string Value)> more) => events.PublishContainer(action, id, name, image, Labels, more);

    private void PublishNetwork(string action, LocalEndpoint network)
        => events.Publish("network", action, network.Network.Value is { Length: > 0 } key ? key : network.Name, ("container", id), ("name", network.Name), ("type", network.Name is "host" or "none" or "bridge" ? network.Name : "overlay"));
}
