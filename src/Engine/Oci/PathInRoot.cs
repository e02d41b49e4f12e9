namespace Skep.Engine.Oci;

/// <summary>Finds paths below a root as the container would, so that a link in an image cannot lead out of it.</summary>
internal static class PathInRoot
{
    private const int MostLinks = 40;

    /// <summary>The host path of <paramref name="path"/> inside <paramref name="root"/>, links followed within the root. It need not exist.</summary>
    public static string Resolve(string root, string path)
    {
        var todo = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = new List<string>();
        int links = 0;
        while (todo.TryPop(out string? part))
        {
            if (part == ".")
            {
                continue;
            }

            if (part == "..")
            {
                if (done.Count > 0)
                {
                    done.RemoveAt(done.Count - 1);
                }

                continue;
            }

            string candidate = Path.Combine([root, .. done, part]);
            if (new FileInfo(candidate).LinkTarget is not { } target)
            {
                done.Add(part);
                continue;
            }

            if (++links > MostLinks)
            {
                throw ClusterException.Invalid($"too many links in {path}");
            }

            if (target.StartsWith('/'))
            {
                done.Clear();
            }

            foreach (string step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                todo.Push(step);
            }
        }

        return Path.Combine([root, .. done]);
    }
}
