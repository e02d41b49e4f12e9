namespace Skep.Compose;

/// <summary>A compose file that cannot be used. <see cref="Exception.Message"/> is the text that Docker's CLI prints for the same
/// mistake; <see cref="Located"/> puts file and line before it where they are known.</summary>
public sealed class ComposeException : Exception
{
    internal ComposeException(string message, Mark? where = null, Exception? inner = null)
        : base(message, inner) => Where = where;

    /// <summary>Name of the file as it was given, or null where the mistake belongs to no single place.</summary>
    public string? File => Where?.File;

    /// <summary>Line in <see cref="File"/>, counted from 1; 0 where unknown.</summary>
    public int Line => Where?.Line ?? 0;

    /// <summary><c>compose.yml:12: services.web must be a mapping</c>, or only the message.</summary>
    public string Located => Where is { Line: > 0 } at ? $"{at.File}:{at.Line}: {Message}" : Message;

    internal Mark? Where { get; }
}
