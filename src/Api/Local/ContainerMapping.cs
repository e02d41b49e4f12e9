using System.Globalization;
using Skep.Engine.Containers;
using Skep.Engine.Networks;

namespace Skep.Api.Local;

/// <summary>This node's containers in the shapes of the Engine API.</summary>
internal static class ContainerMapping
{
    /// <param name="node">The node's hostname.</param>
    public static WireContainerSummary ToSummary(LocalContainer container, string node) => ToSummary(container, node, container.FinishedAt ?? container.StartedAt ?? container.CreatedAt);

    public static WireContainerSummary ToSummary(LocalContainer container, string node, DateTimeOffset now) => new()
    {
        Id = container.Id,
        Names = [$"/{container.Name}"],
        Image = container.Image,
        ImageId = container.ImageId,
        Command = string.Join(' ', container.Command),
        Created = container.CreatedAt.ToUnixTimeSeconds(),
        Ports = ContainerNetworks.Ports(container),
        Labels = Copy(container.Labels),
        State = Word(container.State),
        Status = Status(container, now),
        HostConfig = new WireSummaryHostConfig(NetworkModeOf(container)),
        NetworkSettings = new WireSummaryNetworks(ContainerNetworks.Networks(container, node)),
        Mounts = Mounts(container),
    };

    /// <param name="node">The node's hostname.</param>
    public static WireContainerDetail ToDetail(LocalContainer container, string node) => new()
    {
        Id = container.Id,
        Created = container.CreatedAt,
        Path = container.Command.IsEmpty ? "" : container.Command[0],
        Args = [.. container.Command.Skip(1)],
        State = State(container),
        Image = container.ImageId,
        LogPath = container.LogPath,
        Name = $"/{container.Name}",
        Driver = "overlayfs",
        Platform = "linux",
        HostConfig = HostConfig(container),
        Mounts = Mounts(container),
        Config = new WireContainerConfig
        {
            Hostname = container.Hostname,
            User = container.User,
            Tty = container.Spec?.Container.Tty ?? false,
            OpenStdin = container.Spec?.Container.OpenStdin ?? false,
            Env = [.. container.Env],
            Cmd = container.Spec?.Container.Args is { IsEmpty: false } args ? [.. args] : null,
            Entrypoint = container.Spec?.Container.Command is { IsEmpty: false } command ? [.. command] : null,
            Healthcheck = container.Spec?.Container.HealthCheck?.ToWire(),
            Image = container.Image,
            WorkingDir = container.WorkingDirectory,
            Labels = Copy(container.Labels),
            StopSignal = container.Spec?.Container.StopSignal is { Length: > 0 } signal ? signal : null,
        },
        NetworkSettings = ContainerNetworks.Settings(container, node),
    };

    /// <summary>How long ago, as Docker says it.</summary>
    /// <remarks>Source: docker/go-units:duration.go, HumanDuration.</remarks>
    public static string HumanDuration(TimeSpan duration)
    {
        long hours = (long)Math.Round(duration.TotalHours);
        return duration switch
        {
            { TotalSeconds: < 1 } => "Less than a second",
            { TotalSeconds: < 2 } => "1 second",
            { TotalSeconds: < 60 } => Count((long)duration.TotalSeconds, "seconds"),
            { TotalMinutes: < 2 } => "About a minute",
            { TotalMinutes: < 60 } => Count((long)duration.TotalMinutes, "minutes"),
            _ when hours == 1 => "About an hour",
            _ when hours < 48 => Count(hours, "hours"),
            _ when hours < 24 * 14 => Count(hours / 24, "days"),
            _ when hours < 24 * 60 => Count(hours / 24 / 7, "weeks"),
            _ when hours < 24 * 365 * 2 => Count(hours / 24 / 30, "months"),
            _ => Count(hours / 24 / 365, "years"),
        };
    }

    public static string Word(ContainerState state) => state.ToString().ToLowerInvariant();

    public static string Word(HealthState state) => state.ToString().ToLowerInvariant();

    private static string Count(long number, string unit) => string.Create(CultureInfo.InvariantCulture, $"{number} {unit}");

    private static string Status(LocalContainer container, DateTimeOffset now) => container.State switch
    {
        ContainerState.Created => "Created",
        ContainerState.Running => $"Up {HumanDuration(now - (container.StartedAt ?? container.CreatedAt))}{Health(container)}",
        ContainerState.Paused => $"Up {HumanDuration(now - (container.StartedAt ?? container.CreatedAt))} (Paused)",
        ContainerState.Restarting => $"Restarting ({container.ExitCode}) {HumanDuration(now - (container.FinishedAt ?? container.CreatedAt))} ago",
        ContainerState.Removing => "Removal In Progress",
        ContainerState.Exited => $"Exited ({container.ExitCode}) {HumanDuration(now - (container.FinishedAt ?? container.CreatedAt))} ago",
        ContainerState.Dead => "Dead",
    };

    private static string Health(LocalContainer container) => container.Health?.State switch
    {
        null or HealthState.None => "",
        HealthState.Starting => " (health: starting)",
        { } state => $" ({Word(state)})",
    };

    private static WireContainerState State(LocalContainer container) => new()
    {
        Status = Word(container.State),
        Running = container.State is ContainerState.Running or ContainerState.Paused,
        Paused = container.State is ContainerState.Paused,
        Restarting = container.State is ContainerState.Restarting,
        OomKilled = container.OomKilled,
        Dead = container.State is ContainerState.Dead,
        Pid = container.Pid,
        ExitCode = container.ExitCode,
        Error = container.Error,
        StartedAt = container.StartedAt ?? default,
        FinishedAt = container.FinishedAt ?? default,
        Health = container.Health is { State: not HealthState.None } health
            ? new WireHealth
            {
                Status = Word(health.State),
                FailingStreak = health.FailingStreak,
                Log = [.. health.Log.Select(p => new WireHealthResult { Start = p.Start, End = p.End, ExitCode = p.ExitCode, Output = p.Output })],
            }
            : null,
    };

    private static WireContainerHostConfig HostConfig(LocalContainer container) => new()
    {
        NetworkMode = NetworkModeOf(container),
        LogConfig = new WireDriverConfig(container.LogDriver, Copy(container.Spec?.LogDriver?.Options ?? ValueMap<string, string>.Empty)),
        RestartPolicy = new WireRestart("no", 0),
        Memory = container.Spec?.Limits?.MemoryBytes ?? 0,
        NanoCpus = container.Spec?.Limits?.NanoCpus ?? 0,
        ReadonlyRootfs = container.Spec?.Container.ReadOnly ?? false,
        CapAdd = container.Spec?.Container.CapabilityAdd is { IsEmpty: false } add ? [.. add] : null,
        CapDrop = container.Spec?.Container.CapabilityDrop is { IsEmpty: false } drop ? [.. drop] : null,
    };

    private static string NetworkModeOf(LocalContainer container) => container.Standalone is { } own ? own.NetworkMode : container.Networks.IsEmpty ? "none" : container.Networks[0].Name;

    private static List<WireMountPoint> Mounts(LocalContainer container) =>
    [
        .. container.Mounts.Select(m => new WireMountPoint
        {
            Type = m.Kind.ToWire(),
            Name = m.Name.Length > 0 ? m.Name : null,
            Source = m.Source,
            Destination = m.Target,
            Driver = m.Driver.Length > 0 ? m.Driver : null,
            Mode = "",
            IsWritable = !m.ReadOnly,
            Propagation = m.Propagation,
        }),
    ];

    private static Dictionary<string, string> Copy(ValueMap<string, string> items) => new(items, StringComparer.Ordinal);
}
