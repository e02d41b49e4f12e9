using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skep.Cli.Doctor;

/// <summary>Programs and files beside the daemon: containerd, packet filters of others, certificates, ports.</summary>
internal static class SoftwareChecks
{
    private const int DaysOfWarning = 10;

    public static async Task<Check> ContainerdAsync(string socketPath, CancellationToken cancellation)
    {
        string version = await RunAsync("containerd", ["--version"], cancellation) is { } text ? text.Trim().Split(' ') is { Length: > 2 } words ? words[2] : text.Trim() : "";
        if (!File.Exists(socketPath))
        {
            return new Check("containerd", Verdict.Fail, $"there is no {socketPath}", "Install and start it: 'apt install containerd', 'systemctl start containerd'.");
        }

        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
        }
        catch (SocketException failure)
        {
            return new Check("containerd", failure.SocketErrorCode == SocketError.AccessDenied ? Verdict.Unknown : Verdict.Fail, $"{socketPath} does not answer: {failure.Message}",
                failure.SocketErrorCode == SocketError.AccessDenied ? "Run the doctor as root." : "systemctl restart containerd");
        }

        return new Check("containerd", Verdict.Ok, version.Length > 0 ? $"{version} answers at {socketPath}" : $"answers at {socketPath}");
    }

    public static async Task<Check> PacketFilterAsync(CancellationToken cancellation)
        => await RunAsync("nft", ["list", "ruleset"], cancellation) is { } rules ? PacketFilter(rules)
            : new Check("packet filter", Verdict.Unknown, "nft cannot list its rules here", "Run the doctor as root, with nftables installed.");

    /// <summary>Finds chains of other software that drop what is forwarded.</summary>
    public static Check PacketFilter(string ruleset)
    {
        string table = "";
        List<string> dropping = [];
        foreach (string raw in ruleset.Split('\n'))
        {
            string line = raw.Trim();
            if (line.StartsWith("table ", StringComparison.Ordinal))
            {
                table = line["table ".Length..].TrimEnd('{', ' ');
            }
            else if (!table.Contains("skep", StringComparison.Ordinal) && line.Contains("hook forward", StringComparison.Ordinal) && line.Contains("policy drop", StringComparison.Ordinal))
            {
                dropping.Add(table);
            }
        }

        if (dropping.Count == 0)
        {
            return ruleset.Contains("table inet firewalld", StringComparison.Ordinal)
                ? new Check("packet filter", Verdict.Warn, "firewalld is active: it refuses forwarded packets between zones that are not allowed", "firewall-cmd --permanent --add-port=2377/tcp --add-port=4789/udp && firewall-cmd --reload, and put the cluster's links into a trusted zone.")
                : new Check("packet filter", Verdict.Ok, "no other software drops forwarded packets");
        }

        bool docker = ruleset.Contains("DOCKER-USER", StringComparison.Ordinal);
        return new Check("packet filter", Verdict.Warn, $"forwarded packets are dropped by default in {string.Join(", ", dropping.Select(static name => $"table {name}"))}{(docker ? ", made by Docker" : "")}: published ports may not reach tasks",
            docker ? "iptables -I DOCKER-USER -j ACCEPT, or stop Docker on this machine." : $"Accept the cluster's links there, or: nft add chain {dropping[0]} FORWARD '{{ policy accept; }}'");
    }

    /// <param name="runsDaemon">A daemon is expected to hold the ports.</param>
    public static IEnumerable<Check> Ports(IReadOnlyCollection<int> tcp, IReadOnlyCollection<int> udp, bool runsDaemon)
    {
        foreach ((int port, string what) in new[] { (2377, "cluster"), (9323, "metrics"), (8900, "dashboard") })
        {
            bool used = tcp.Contains(port);
            yield return new Check($"port {port}/tcp", used && !runsDaemon ? Verdict.Warn : !used && runsDaemon && port == 2377 ? Verdict.Unknown : Verdict.Ok,
                used ? runsDaemon ? $"in use ({what})" : $"in use, though no daemon answers: another program may hold the {what} port" : $"free ({what})",
                used && !runsDaemon ? $"Look who has it: ss -ltnp 'sport = :{port}'" : "");
        }

        bool vxlan = udp.Contains(4789);
        yield return new Check("port 4789/udp", vxlan && !runsDaemon ? Verdict.Warn : Verdict.Ok, vxlan ? "in use (VXLAN)" : "free (VXLAN; the kernel opens it with the first overlay network)",
            vxlan && !runsDaemon ? "Docker's swarm mode may hold it: 'docker swarm leave', or choose another with 'swarm init --data-path-port'." : "");
    }

    public static IEnumerable<Check> Ports(bool runsDaemon)
    {
        IPGlobalProperties present = IPGlobalProperties.GetIPGlobalProperties();
        return Ports([.. present.GetActiveTcpListeners().Select(static (IPEndPoint at) => at.Port)], [.. present.GetActiveUdpListeners().Select(static (IPEndPoint at) => at.Port)], runsDaemon);
    }

    public static IEnumerable<Check> Certificates(string folder, DateTimeOffset now)
    {
        string[] files;
        try
        {
            string own = Path.Combine(folder, "certificates");
            files = Directory.Exists(own) ? Directory.GetFiles(own, "*.pem") : [];
        }
        catch (UnauthorizedAccessException failure)
        {
            return [new Check("certificates", Verdict.Unknown, failure.Message, "Run the doctor as root.")];
        }

        return files.Length == 0 ? [new Check("certificates", Verdict.Unknown, $"there are none in {folder}: the node is in no cluster, or keeps its data elsewhere", "Name the daemon's data directory with --data.")]
            : files.Order(StringComparer.Ordinal).Select(file => Certificate(file, now));
    }

    public static Check Expiry(string name, DateTimeOffset ends, DateTimeOffset now) => ends <= now
        ? new Check($"certificate {name}", Verdict.Fail, $"ended on {ends.UtcDateTime:yyyy-MM-dd}", "If the clock is right, the node must join again: 'skep swarm leave --force', 'skep swarm join …'.")
        : ends - now < TimeSpan.FromDays(DaysOfWarning)
            ? new Check($"certificate {name}", Verdict.Warn, $"ends on {ends.UtcDateTime:yyyy-MM-dd} and should have been renewed", "See that the node reaches a manager; renewal is tried again and again.")
            : new Check($"certificate {name}", Verdict.Ok, $"good until {ends.UtcDateTime:yyyy-MM-dd}");

    private static Check Certificate(string file, DateTimeOffset now)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return Expiry(Path.GetFileName(file), new DateTimeOffset(certificate.NotAfter), now);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return new Check($"certificate {Path.GetFileName(file)}", Verdict.Unknown, $"cannot be read: {failure.Message}");
        }
    }

    private static async Task<string?> RunAsync(string program, string[] words, CancellationToken cancellation)
    {
        try
        {
            using Process run = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> error = run.StandardError.ReadToEndAsync(cancellation);
            string text = await run.StandardOutput.ReadToEndAsync(cancellation);
            await error;
            await run.WaitForExitAsync(cancellation);
            return run.ExitCode == 0 ? text : null;
        }
        catch (Win32Exception)
        {
            return null; // not installed
        }
    }
}
