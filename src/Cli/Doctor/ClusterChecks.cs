using System.Globalization;
using System.Net.Sockets;
using Skep.Cli.Engine;
using Skep.Wire;

namespace Skep.Cli.Doctor;

/// <summary>What the daemon knows of its cluster, and whether the others can be reached from here.</summary>
internal static class ClusterChecks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LargestDifference = TimeSpan.FromSeconds(1);

    /// <returns>Null where no daemon answers, with the check that says so among <paramref name="found"/>.</returns>
    public static async Task<WireInfo?> DaemonAsync(Invocation call, List<Check> found, CancellationToken cancellation)
    {
        try
        {
            DateTimeOffset before = call.Terminal.Time.GetUtcNow();
            WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
            DateTimeOffset after = call.Terminal.Time.GetUtcNow();
            found.Add(new Check("daemon", Verdict.Ok, $"{info.ServerVersion} answers at {call.Engine.Host}; swarm {info.Swarm?.LocalNodeState ?? "inactive"}"));
            if (info.Swarm?.Error is { Length: > 0 } error)
            {
                found.Add(new Check("swarm", Verdict.Fail, error, info.Swarm.LocalNodeState == "locked"
                    ? "skep swarm unlock, with the key that swarm unlock-key shows on a manager that is not locked."
                    : "See the daemon's log: journalctl -u skep"));
            }

            if (WireTime.TryRead(info.SystemTime ?? "", out DateTimeOffset theirs))
            {
                found.Add(Clock(theirs, before, after));
            }

            return info;
        }
        catch (CliException failure)
        {
            found.Add(new Check("daemon", Verdict.Fail, $"{failure.Message} So nothing could be asked about the cluster, its nodes and their clocks.", "systemctl start skep; journalctl -u skep says why it does not start."));
            return null;
        }
    }

    public static Check Clock(DateTimeOffset theirs, DateTimeOffset before, DateTimeOffset after)
    {
        TimeSpan apart = theirs < before ? before - theirs : theirs > after ? theirs - after : TimeSpan.Zero;
        return apart > LargestDifference
            ? new Check("clock", Verdict.Warn, string.Create(CultureInfo.InvariantCulture, $"the daemon's clock is {apart.TotalSeconds:0.0} s away from this one"), "Run a time service (systemd-timesyncd, chrony) on every node.")
            : new Check("clock", Verdict.Ok, "agrees with the daemon's within a second");
    }

    public static async Task RunAsync(Invocation call, WireInfo info, List<Check> found, CancellationToken cancellation)
    {
        foreach (WireRemoteManager manager in info.Swarm?.RemoteManagers ?? [])
        {
            if (manager.NodeId != info.Swarm?.NodeId && manager.Addr is { Length: > 0 } address)
            {
                found.Add(await ReachAsync(address, cancellation));
            }
        }

        if (info.Swarm?.ControlAvailable != true)
        {
            found.Add(new Check("nodes", Verdict.Unknown, "only a manager can be asked about the cluster's nodes", "Run the doctor on a manager too."));
            return;
        }

        try
        {
            found.AddRange(Nodes(await call.Engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation)));
        }
        catch (EngineException failure)
        {
            found.Add(new Check("nodes", Verdict.Fail, failure.Reason, "A majority of the managers must be up and reach each other."));
        }
    }

    public static IEnumerable<Check> Nodes(IReadOnlyList<WireNode> nodes)
    {
        foreach (WireNode node in nodes)
        {
            string name = $"node {node.Description?.Hostname ?? node.Id}";
            yield return node.Status?.State != "ready"
                ? new Check(name, Verdict.Fail, $"is {node.Status?.State}{(node.Status?.Message is { Length: > 0 } message ? $": {message}" : "")}", "Run 'skep doctor' there; check 2377/tcp between it and the managers.")
                : node.ManagerStatus is { Reachability: not "reachable" } manager
                    ? new Check(name, Verdict.Fail, $"its manager is {manager.Reachability}", "Check 2377/tcp between the managers.")
                    : new Check(name, Verdict.Ok, node.ManagerStatus is null ? "ready" : "ready, manager reachable");
        }

        foreach (WireNode node in nodes.Where(static n => n.Description?.HeldPorts is { Count: > 0 }))
        {
            yield return new Check(
                $"ports of {node.Description!.Hostname}", Verdict.Warn, $"a program of this node has {string.Join(", ", node.Description.HeldPorts!)}, which services publish: not there, until it ends",
                "See who it is with 'ss -lnp' there; publish another port ('skep service update --publish-add'), or stop that program.");
        }

        int managers = nodes.Count(static node => node.ManagerStatus is not null);
        if (managers % 2 == 0)
        {
            yield return new Check("managers", Verdict.Warn, string.Create(CultureInfo.InvariantCulture, $"{managers} managers survive no more losses than {managers - 1} would"), "Promote one more node, or demote one.");
        }
    }

    private static async Task<Check> ReachAsync(string address, CancellationToken cancellation)
    {
        int colon = address.LastIndexOf(':');
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(address[..colon].Trim('[', ']'), int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture), limit.Token);
            return new Check($"manager {address}", Verdict.Ok, "reachable from here");
        }
        catch (Exception failure) when (failure is SocketException || failure is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return new Check($"manager {address}", Verdict.Fail, failure is SocketException ? failure.Message : "does not answer within two seconds", "Open 2377/tcp on the way there, and see that skepd runs on it.");
        }
    }
}
