namespace Skep.Engine.Images;

/// <summary>Where images can be had from besides registries. The second implementation is an engine without a cluster.</summary>
internal interface IPeerImageSource
{
    /// <summary>The first peer found to have the image: any for a digest, one that may say what a name stands for otherwise; null when none has.</summary>
    /// <param name="except">Descriptions of sources that failed before.</param>
    Task<IImageSource?> FindAsync(ImageReference reference, IReadOnlyCollection<string> except, CancellationToken ct);
}

/// <summary>An engine without a cluster has no peers.</summary>
internal sealed class NoPeers : IPeerImageSource
{
    public Task<IImageSource?> FindAsync(ImageReference reference, IReadOnlyCollection<string> except, CancellationToken ct) => Task.FromResult<IImageSource?>(null);
}
