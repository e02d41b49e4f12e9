namespace Skep.Compose;

/// <summary>Reads compose files the way <c>docker stack config</c> does.</summary>
public static class ComposeLoader
{
    /// <summary>Parses, checks and merges <paramref name="sources"/>, later ones over earlier ones.</summary>
    /// <param name="environment">The only source of variables, <c>HOME</c> included; no <c>.env</c> file is read.</param>
    /// <exception cref="ComposeException">A file is no compose file, or breaks the schema of its version.</exception>
    public static ComposeProject Load(
        IReadOnlyList<ComposeSource> sources, IReadOnlyDictionary<string, string> environment, ComposeLoadOptions options)
    {
        throw new NotSupportedException("being written");
    }
}
