namespace Skep.Testing;

/// <summary>Recorded facts about Docker (compose files with its parse of them, requests of its command line) that lie beside the repository, not in it.</summary>
public static class SharedData
{
    /// <summary>The folder; null where the repository stands alone. A work tree may lie deeper than the repository itself.</summary>
    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        for (string? beside = Clusters.Repository.Root; beside is not null; beside = Path.GetDirectoryName(beside))
        {
            // What programs print is the real path, where "shared" is a link too.
            var shared = new DirectoryInfo(Path.Combine(beside, "shared"));
            string data = Path.Combine((shared.LinkTarget is null ? shared : shared.ResolveLinkTarget(returnFinalTarget: true)!).FullName, "data");
            if (Directory.Exists(Path.Combine(data, "compose")))
            {
                return data;
            }
        }

        return null;
    }
}
