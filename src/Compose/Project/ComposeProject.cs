namespace Skep.Compose;

/// <summary>What one or several compose files say together: merged, with variables replaced and paths made absolute.</summary>
/// <remarks>Absent texts are empty, absent lists and maps are empty; a value that is told apart from absence is nullable. Maps
/// enumerate in ordinal order of their keys.</remarks>
public sealed record ComposeProject
{
    /// <summary>The schema version the files were checked with, such as <c>3.8</c>.</summary>
    public required string Version { get; init; }

    public IReadOnlyDictionary<string, ComposeService> Services { get; init; } = Maps.None<ComposeService>();

    public IReadOnlyDictionary<string, ComposeNetwork> Networks { get; init; } = Maps.None<ComposeNetwork>();

    public IReadOnlyDictionary<string, ComposeVolume> Volumes { get; init; } = Maps.None<ComposeVolume>();

    public IReadOnlyDictionary<string, ComposeFileObject> Secrets { get; init; } = Maps.None<ComposeFileObject>();

    public IReadOnlyDictionary<string, ComposeFileObject> Configs { get; init; } = Maps.None<ComposeFileObject>();

    /// <summary>Top-level <c>x-</c> keys of the first file.</summary>
    public IReadOnlyDictionary<string, ComposeValue> Extensions { get; init; } = Maps.None<ComposeValue>();

    /// <summary>Remarks of the loader itself, which both <c>stack config</c> and <c>stack deploy</c> write to standard error:
    /// plain sentences, without Docker's <c>level=warning msg="…"</c> around them.</summary>
    public IReadOnlyList<string> LoaderWarnings { get; init; } = [];

    /// <summary>All lines that <c>stack deploy</c> writes to standard error before it talks to the engine, in order, empty lines
    /// included: the loader's remarks as Docker logs them (without the time), then what is ignored.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
