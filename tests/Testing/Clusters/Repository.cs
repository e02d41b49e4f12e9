namespace Skep.Testing.Clusters;

/// <summary>Where the working tree and its programs are.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Folder of <c>skepd</c> and <c>skep</c>: what build.sh made, unless SKEP_BIN says another.</summary>
    public static string Programs => Environment.GetEnvironmentVariable("SKEP_BIN") is { Length: > 0 } chosen ? chosen : Path.Combine(Root, "out");

    public static string Skep => Path.Combine(Programs, "skep");

    public static string Skepd => Path.Combine(Programs, "skepd");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <exception cref="InvalidOperationException">The daemon or the command line was not built.</exception>
    public static void RequirePrograms()
    {
        foreach (string program in new[] { Skepd, Skep })
        {
            if (!File.Exists(program))
            {
                throw new InvalidOperationException($"{program} is missing: run ./build.sh first (or set SKEP_BIN to a folder with skepd and skep)");
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Orchestrator.sln above {AppContext.BaseDirectory}");
    }
}
