using Microsoft.Extensions.Logging;
using Skep.Worker.Containerd;
using Skep.Worker.Events;
using Skep.Worker.Images;
using Skep.Worker.Logs;
using Skep.Worker.Oci;

namespace Skep.Worker.Tasks;

/// <summary>What all tasks of a node share.</summary>
internal sealed class EngineContext
{
    public required WorkerOptions Options { get; init; }

    public required ContainerRuntime Runtime { get; init; }

    public required ImageStore Images { get; init; }

    public required ImageViews Views { get; init; }

    public required MountResolver Mounts { get; init; }

    public required Volumes.VolumeStore Volumes { get; init; }

    public required ContainerFiles Files { get; init; }

    public required TaskRecords Records { get; init; }

    public required LogStore Logs { get; init; }

    public required EventHub Events { get; init; }

    public required HostFacts Host { get; init; }

    public required TimeProvider Time { get; init; }

    public required IdSource Ids { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Containers made, started and deleted at a time: more at once only makes each slower.</summary>
    public required SemaphoreSlim Slots { get; init; }
}

/// <summary>What tasks need to know of the cluster; changes with assignments.</summary>
internal sealed class TaskContext
{
    public required NodeId Node { get; init; }

    public required ClusterId Cluster { get; init; }

    public required string Hostname { get; init; }

    public required ITaskNetworks Networks { get; init; }

    public required Func<SecretId, Secret?> Secrets { get; init; }

    public required Func<ConfigId, Config?> Configs { get; init; }

    /// <summary>Called with every status worth telling; in order for each task.</summary>
    public required Action<TaskReport> Report { get; init; }
}
