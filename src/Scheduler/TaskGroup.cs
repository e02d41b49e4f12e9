namespace Skep.Scheduler;

/// <summary>Pending tasks that ask for the same: one service, one version of its spec, one set of host ports. What they ask is read once.</summary>
internal sealed class TaskGroup
{
    public TaskGroup(IReadOnlyList<SwarmTask> tasks, ClusterCache picture)
    {
        Tasks = tasks;
        SwarmTask sample = tasks[0];
        Service = sample.ServiceId;
        SpecVersion = sample.SpecVersion;
        Spec = sample.Spec;
        Ports = [.. HostPort.Of(sample)];
        Plugins = [.. PluginsOf(sample, picture)];
        SpreadOver = [.. Spec.Placement.SpreadOver.Select(SpreadLabel.TryParse).OfType<SpreadLabel>()];
        Constraints = Spec.Placement.Constraints.Select(c => Constraint.TryParse(c, out Constraint? parsed, out _) ? parsed : null).ToArray();
        Generic = [.. (Spec.Reservations?.Generic ?? []).GroupBy(g => g.Kind, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, g.Sum(GenericCount.Of)))];
    }

    public IReadOnlyList<SwarmTask> Tasks { get; }

    public ServiceId Service { get; }

    public ObjectVersion SpecVersion { get; }

    public TaskSpec Spec { get; }

    public HostPort[] Ports { get; }

    public EnginePlugin[] Plugins { get; }

    public SpreadLabel[] SpreadOver { get; }

    /// <summary>Null: one that cannot be read; never satisfied.</summary>
    public Constraint?[] Constraints { get; }

    public KeyValuePair<string, long>[] Generic { get; }

    private static IEnumerable<EnginePlugin> PluginsOf(SwarmTask task, ClusterCache picture)
    {
        foreach (Mount mount in task.Spec.Container.Mounts)
        {
            if (mount is { Kind: MountKind.Volume, Volume.Driver.Name: { } driver } && driver is not ("" or "local"))
            {
                yield return new EnginePlugin("Volume", driver);
            }
        }

        foreach (NetworkAttachment attachment in task.Networks)
        {
            if (picture.DriverOf(attachment.Network) is { } driver)
            {
                yield return new EnginePlugin("Network", driver);
            }
        }

        if (task.Spec.LogDriver?.Name is { } log && log is not ("" or "none"))
        {
            yield return new EnginePlugin("Log", log);
        }
    }
}
