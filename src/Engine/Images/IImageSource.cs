namespace Skep.Engine.Images;

/// <summary>Where an image can be got from: a registry, another node, an archive.</summary>
internal interface IImageSource
{
    /// <summary>For progress and errors.</summary>
    string Description { get; }

    /// <summary>What the image's name stands for there. The media type may be empty: then the bytes tell.</summary>
    /// <exception cref="ClusterException">It is not there, or cannot be asked; the message says why.</exception>
    Task<Descriptor> ResolveAsync(CancellationToken ct);

    /// <summary>The bytes of a blob from an offset on. Not verified.</summary>
    Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct);
}
