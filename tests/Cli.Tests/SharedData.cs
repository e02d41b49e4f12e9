namespace Skep.Cli.Tests;

/// <summary>Recorded facts that lie beside the repository in <c>shared/data</c>.</summary>
internal static class SharedData
{
    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!File.Exists(Path.Combine(folder, "Orchestrator.sln")))
            {
                continue;
            }

            // A work tree may lie deeper than the repository itself.
            for (string? beside = folder; beside is not null; beside = Path.GetDirectoryName(beside))
            {
                string data = Path.Combine(beside, "shared", "data");
                if (Directory.Exists(Path.Combine(data, "compose")))
                {
                    return data;
                }
            }
        }

        return null;
    }
}

/// <summary>Skipped where the recorded data are not beside the repository.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "shared/data is not beside the repository";
        }
    }
}
