using System.Globalization;

namespace Skep.Overlay.Namespaces;

/// <summary>The mount points of our namespaces: <c>net-4097</c> routers, <c>s-12</c> sandboxes, <c>task-&lt;id&gt;</c> links to the sandbox of a task.</summary>
internal sealed class NamespaceDirectory(string path)
{
    private int _lastSandbox;

    public string RouterPath(string vni) => Path.Combine(path, $"net-{vni}");

    /// <summary>A file for a new sandbox; made, empty.</summary>
    public string NewSandboxPath()
    {
        while (true)
        {
            string file = Path.Combine(path, $"s-{Interlocked.Increment(ref _lastSandbox)}");
            if (!File.Exists(file))
            {
                File.WriteAllBytes(file, []);
                return file;
            }
        }
    }

    public void Assign(TaskId task, string sandboxPath)
    {
        string link = Path.Combine(path, $"task-{task}");
        File.Delete(link);
        File.CreateSymbolicLink(link, Path.GetFileName(sandboxPath));
    }

    public void Release(TaskId? task, string sandboxPath)
    {
        if (task is { } id)
        {
            File.Delete(Path.Combine(path, $"task-{id}"));
        }

        LibC.UnmountAndUnlink(sandboxPath);
    }

    /// <summary>What an earlier run left. Files that are no namespaces (after a crash in the middle, or a reboot) are removed.</summary>
    public (List<string> Routers, Dictionary<string, TaskId?> Sandboxes) Scan()
    {
        Directory.CreateDirectory(path);
        var routers = new List<string>();
        var sandboxes = new Dictionary<string, TaskId?>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(path, "net-*").Concat(Directory.EnumerateFiles(path, "s-*")).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(file);
            if (!LibC.IsNetworkNamespace(file))
            {
                LibC.UnmountAndUnlink(file);
            }
            else if (name.StartsWith("net-", StringComparison.Ordinal))
            {
                routers.Add(name[4..]);
            }
            else
            {
                sandboxes[file] = null;
            }

            if (name.StartsWith("s-", StringComparison.Ordinal) && int.TryParse(name.AsSpan(2), CultureInfo.InvariantCulture, out int number))
            {
                _lastSandbox = Math.Max(_lastSandbox, number);
            }
        }
        foreach (FileInfo link in new DirectoryInfo(path).EnumerateFiles("task-*"))
        {
            string sandbox = Path.Combine(path, link.LinkTarget ?? "");
            if (sandboxes.ContainsKey(sandbox))
            {
                sandboxes[sandbox] = new TaskId(link.Name[5..]);
            }
            else
            {
                link.Delete();
            }
        }
        return (routers, sandboxes);
    }
}
