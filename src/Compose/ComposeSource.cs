namespace Skep.Compose;

/// <summary>One file handed over with <c>-c</c>, already read.</summary>
/// <param name="Name">The name as given, or <c>-</c> for standard input; only used in messages.</param>
/// <param name="Text">The whole text of the file.</param>
/// <param name="WorkingDirectory">Absolute folder that relative paths start from; the first source's counts for all of them:
/// the folder of the first file, or the current folder where the only file is <c>-</c>.</param>
public sealed record ComposeSource(string Name, string Text, string WorkingDirectory);

/// <summary>Reads a whole file that a compose file names; throws the usual <see cref="IOException"/>s.</summary>
public delegate byte[] ComposeFileReader(string absolutePath);

/// <summary>How to load.</summary>
public sealed record ComposeLoadOptions
{
    /// <summary>Leave <c>$</c> in values as they are (<c>stack config --skip-interpolation</c>).</summary>
    public bool SkipInterpolation { get; init; }

    /// <summary>Where env files come from; the disk unless told otherwise.</summary>
    public ComposeFileReader ReadFile { get; init; } = File.ReadAllBytes;
}
