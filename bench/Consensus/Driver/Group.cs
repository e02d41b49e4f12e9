using System.Net;
using System.Net.Sockets;
using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Driver;

/// <summary>Three members with empty logs; with their processes and directories gone when disposed.</summary>
internal sealed class Group : IAsyncDisposable
{
    private const int Size = 3;
    private static readonly TimeSpan LeaderLimit = TimeSpan.FromSeconds(30);
    private readonly List<Member> _members = [];
    private int _marks;

    private Group(EngineKind engine, string data)
    {
        Engine = engine;
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(data, $"bench-consensus-{Environment.ProcessId}-{engine.Word()}")).FullName;
    }

    public EngineKind Engine { get; }

    /// <summary>Of the group's files, on the disk that is measured.</summary>
    public string Directory { get; }

    public IReadOnlyList<Member> Members => _members;

    /// <summary>Returns when one leads, all three vote, and a write has been accepted.</summary>
    public static async Task<Group> StartAsync(EngineKind engine, string data, CancellationToken ct)
    {
        var group = new Group(engine, data);
        try
        {
            int[] ports = FreePorts();
            for (int id = 1; id <= Size; id++)
            {
                await group.StartMemberAsync(new MemberOptions(engine, id, Path.Combine(group.Directory, $"member-{id}"), ports), ct);
            }

            await group.WriteThroughLeaderAsync(voters: Size, ct);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    public async Task StartMemberAsync(MemberOptions options, CancellationToken ct) => _members.Add(await Member.StartAsync(options, ct));

    public async Task KillAsync(Member member, CancellationToken ct)
    {
        _members.Remove(member);
        await member.KillAsync(ct);
        await member.DisposeAsync();
    }

    /// <summary>The member through which a write went just now; it has applied everything that was committed before.</summary>
    public Task<Member> WriteThroughLeaderAsync(CancellationToken ct) => WriteThroughLeaderAsync(voters: 0, ct);

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in _members)
        {
            await member.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private Task<Member> WriteThroughLeaderAsync(int voters, CancellationToken ct) =>
        Wait.ForAsync(() => TryWriteAsync(voters, ct), $"a leader that accepts a write ({Engine.Title()})", LeaderLimit, ct);

    private async Task<Member?> TryWriteAsync(int voters, CancellationToken ct)
    {
        foreach (Member member in _members)
        {
            MemberStatus status = await member.StatusAsync(ct);
            if (!status.IsLeader || status.Voters < voters)
            {
                continue;
            }

            int mark = --_marks; // Below zero: never the number of a client's write.
            try
            {
                await member.AskAsync<Done>($"write {mark}", ct);
            }
            catch (MemberException)
            {
                return null; // It leads no longer, or not yet.
            }

            return (await member.StatusAsync(ct)).Newest == mark ? member : null;
        }

        return null;
    }

    private static int[] FreePorts()
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, Size).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
        {
            listener.Start();
        }

        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
        {
            listener.Dispose();
        }

        return ports;
    }
}
