using System.Diagnostics;

namespace Skep.Testing.Containers;

/// <summary>A containerd of our own, below a temporary directory.</summary>
public sealed class ContainerdProcess : IDisposable
{
    private readonly string _config;
    private Process? _process;

    public ContainerdProcess()
    {
        Root = Path.Combine("/tmp", $"skt-wrk-{Environment.ProcessId}-{Path.GetRandomFileName()[..6]}");
        Directory.CreateDirectory(Root);
        _config = Path.Combine(Root, "config.toml");
        File.WriteAllText(_config, $"""
            version = 2
            root = "{Root}/root"
            state = "{Root}/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
            [grpc]
              address = "{Socket}"
            [debug]
              level = "warn"
            """);
        Start();
    }

    public string Root { get; }

    public string Socket => Path.Combine(Root, "c.sock");

    public void Start()
    {
        _process = Process.Start(new ProcessStartInfo("containerd", ["--config", _config]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>kill -9; containers go on under their shims.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit(5000);
        _process.Dispose();
    }

    public void Dispose()
    {
        Kill();
        // Shims still there belong to us: their command line names our socket.
        foreach (string directory in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            try
            {
                string line = File.ReadAllText(Path.Combine(directory, "cmdline"));
                if (line.Contains("containerd-shim") && line.Contains(Socket))
                {
                    int pid = int.Parse(Path.GetFileName(directory));
                    foreach (string child in File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        Process.GetProcessById(int.Parse(child)).Kill();
                    }

                    Process.GetProcessById(pid).Kill();
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
            {
                continue;
            }
        }

        foreach (string mount in File.ReadAllLines("/proc/self/mounts").Select(l => l.Split(' ')[1]).Where(m => m.StartsWith(Root + "/", StringComparison.Ordinal)).Reverse())
        {
            Process.Start("umount", ["-l", mount]).WaitForExit(5000);
        }

        Process.Start("rm", ["-rf", Root]).WaitForExit(20000);
    }
}
