using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Events;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Oci;
using Skep.Engine.Volumes;

namespace Skep.Engine;

/// <summary>What all containers of a node share.</summary>
internal sealed class EngineContext
{
    public required EngineOptions Options { get; init; }

    public required ContainerRuntime Runtime { get; init; }

    public required ImageStore Images { get; init; }

    public required ImageViews Views { get; init; }

    public required MountResolver Mounts { get; init; }

    public required Volumes.VolumeStore Volumes { get; init; }

    public required ContainerFiles Files { get; init; }

    public required LogStore Logs { get; init; }

    public required EventHub Events { get; init; }

    public required HostFacts Host { get; init; }

    public required TimeProvider Time { get; init; }

    public required IdSource Ids { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Containers made, started and deleted at a time: more at once only makes each slower.</summary>
    public required SemaphoreSlim Slots { get; init; }
}
