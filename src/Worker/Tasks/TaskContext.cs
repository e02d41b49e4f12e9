using Microsoft.Extensions.Logging;

namespace Skep.Worker.Tasks;

/// <summary>What tasks need to know of the cluster; changes with assignments.</summary>
internal sealed class TaskContext
{
    public required NodeId Node { get; init; }

    public required ClusterId Cluster { get; init; }

    public required string Hostname { get; init; }

    public required TaskRecords Records { get; init; }

    public required ILogger Logger { get; init; }

    public required ITaskNetworks Networks { get; init; }

    public required Func<SecretId, Secret?> Secrets { get; init; }

    public required Func<ConfigId, Config?> Configs { get; init; }

    /// <summary>Called with every status worth telling; in order for each task.</summary>
    public required Action<TaskReport> Report { get; init; }
}
