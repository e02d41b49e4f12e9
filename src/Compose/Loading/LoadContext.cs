namespace Skep.Compose;

/// <summary>What stays the same while one set of files is loaded.</summary>
/// <param name="Folder">Where relative paths start.</param>
/// <param name="Version">The version of the first file.</param>
/// <param name="Warnings">Remarks so far.</param>
internal sealed record LoadContext(
    string Folder, string Version, IReadOnlyDictionary<string, string> Environment, ComposeFileReader ReadFile, List<string> Warnings);
