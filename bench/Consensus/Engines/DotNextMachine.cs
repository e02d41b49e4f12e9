using System.Buffers;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Engines;

/// <summary>The replicated numbers as a state machine of the package; a snapshot as often as RaftNode's.</summary>
internal sealed class DotNextMachine(NumberLog log, string directory) : SimpleStateMachine(new DirectoryInfo(directory))
{
    private const long SnapshotEntries = 10_000;

    protected override async ValueTask RestoreAsync(FileInfo snapshotFile, CancellationToken token) =>
        log.Restore(await File.ReadAllBytesAsync(snapshotFile.FullName, token));

    protected override async ValueTask PersistAsync(IAsyncBinaryWriter writer, CancellationToken token) => await writer.Invoke(log.Encode(), token);

    protected override ValueTask<bool> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (entry.TryGetPayload(out ReadOnlySequence<byte> payload) && payload.Length >= sizeof(long))
        {
            Span<byte> number = stackalloc byte[sizeof(long)];
            payload.Slice(0, sizeof(long)).CopyTo(number);
            log.Apply(number);
        }

        return new ValueTask<bool>(entry.Index % SnapshotEntries == 0);
    }
}
