using System.Diagnostics;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>A real container in a sandbox: the file of the namespace is good for runc, and busybox finds the network and the names.</summary>
[Collection("kernel")]
public sealed class RuncKernelTests
{
    private const string Busybox = "/bin/busybox";

    [Fact]
    public async Task A_container_finds_its_network_and_its_names()
    {
        if (!File.Exists(Busybox) || !File.Exists("/usr/sbin/runc"))
        {
            return; // a machine without them runs the other tests
        }

        await using TestCluster cluster = await TestCluster.StartAsync();
        TestCluster.TestTask task = await cluster.AddAsync("t1", 1, "10.0.1.11", "172.18.0.2", serve: 0);
        await cluster.AddAsync("t3", 2, "10.0.1.13", null);
        cluster.Virtual["10.0.1.2"] = ["t3"];
        cluster.Names["web"] = ["10.0.1.2"];
        await cluster.ApplyAsync();

        string output = await RunAsync(cluster, task, "echo hello | nc web 80; ip -4 -o addr; ip route; nslookup web 127.0.0.11");
        Assert.Contains("t3 10.0.1.11", output, StringComparison.Ordinal);
        Assert.Contains("10.0.1.11/24", output, StringComparison.Ordinal);
        Assert.Contains("default via 172.18.0.1 dev eth1", output, StringComparison.Ordinal);
        Assert.Contains("10.0.1.2", output, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(TestCluster cluster, TestCluster.TestTask task, string script)
    {
        string bundle = cluster.Lab.PathOf("bundle");
        string root = Path.Combine(bundle, "rootfs");
        foreach (string directory in (string[])["bin", "etc", "proc", "dev"])
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }

        File.Copy(Busybox, Path.Combine(root, "bin/busybox"));
        foreach (string applet in (string[])["sh", "nc", "ip", "nslookup", "echo"])
        {
            File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
        }

        await File.WriteAllTextAsync(Path.Combine(root, "etc/resolv.conf"), new SandboxDns().ToResolvConf());
        await File.WriteAllTextAsync(Path.Combine(bundle, "config.json"), $$"""
            { "ociVersion": "1.0.2", "root": { "path": "rootfs" }, "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" } ],
              "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": [ "PATH=/bin" ], "args": [ "sh", "-c", "{{script}}" ] },
              "linux": { "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }, { "type": "network", "path": "{{task.Path}}" } ] } }
            """);
        var start = new ProcessStartInfo("/usr/sbin/runc", ["--root", cluster.Lab.PathOf("runc"), "run", "--bundle", bundle, "skt-ovl-c1"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return output + await errors;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
