using Skep.Worker.Logs;

namespace Skep.Worker.Local;

/// <summary>This node's own containers, images and volumes: the node half of the Engine API.</summary>
/// <remarks>Names may be ids, prefixes of ids, or names, as Docker takes them. Unknown ones throw <see cref="ErrorKind.NotFound"/> with Docker's words.</remarks>
public sealed partial class LocalNode
{
    /// <summary>Containers in the order of their creation, newest first. <paramref name="all"/>: also those that do not run.</summary>
    public Task<ValueList<LocalContainer>> ListContainersAsync(bool all, CancellationToken ct) => throw new NotImplementedException();

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public Task<LocalContainer> InspectContainerAsync(string name, CancellationToken ct) => throw new NotImplementedException();

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.FailedPrecondition"/> when its log driver keeps nothing.</exception>
    public IAsyncEnumerable<LogLine> ReadLogsAsync(string container, LogQuery query, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Output of a task of this node, running or ended, while its container is kept.</summary>
    public IAsyncEnumerable<LogLine> ReadLogsAsync(TaskId task, LogQuery query, CancellationToken ct) => throw new NotImplementedException();

    public Task<ValueList<LocalImage>> ListImagesAsync(CancellationToken ct) => throw new NotImplementedException();

    /// <param name="name">Reference, digest, or (a prefix of) the id.</param>
    public Task<LocalImage> InspectImageAsync(string name, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Takes in the archive of <c>docker save</c> (either layout, gzip or not).</summary>
    /// <returns>Short names of what was loaded, or ids of images without a name.</returns>
    public Task<ValueList<string>> LoadImagesAsync(Stream archive, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Fetches an image from a registry.</summary>
    /// <param name="progress">Called in order, not concurrently.</param>
    public Task<LocalImage> PullImageAsync(string reference, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct) => throw new NotImplementedException();

    public Task TagImageAsync(string name, string newReference, CancellationToken ct) => throw new NotImplementedException();

    /// <returns>What was untagged and deleted, as <c>docker rmi</c> prints it.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): a container uses it, or it has several tags and was named by id.</exception>
    public Task<ImageRemoval> RemoveImageAsync(string name, bool force, CancellationToken ct) => throw new NotImplementedException();

    public Task<ValueList<LocalVolume>> ListVolumesAsync(CancellationToken ct) => throw new NotImplementedException();

    public Task<LocalVolume> InspectVolumeAsync(string name, CancellationToken ct) => throw new NotImplementedException();

    /// <param name="name">Empty: a new random name.</param>
    public Task<LocalVolume> CreateVolumeAsync(string name, ValueMap<string, string> labels, Driver? driver, CancellationToken ct) => throw new NotImplementedException();

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): in use.</exception>
    public Task RemoveVolumeAsync(string name, bool force, CancellationToken ct) => throw new NotImplementedException();

    /// <param name="all">Also named ones; otherwise anonymous only, as Docker since 23.</param>
    public Task<PruneReport> PruneVolumesAsync(bool all, CancellationToken ct) => throw new NotImplementedException();

    public Task<DiskUsage> MeasureDiskAsync(CancellationToken ct) => throw new NotImplementedException();
}

public sealed record ImageRemoval(ValueList<string> Untagged, ValueList<string> Deleted);
