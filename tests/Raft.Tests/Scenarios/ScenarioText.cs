using System.Text;

namespace Skep.Raft.Tests.Scenarios;

/// <summary>How scenario files show things. Entries are index/term.</summary>
internal static class ScenarioText
{
    public static string Of(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public static string Of(Entry entry) => entry.Kind == EntryKind.Membership
        ? $"{entry.Index}/{entry.Term} {Raft.Codec.LogCodec.DecodeMembershipChange(entry.Data) switch { var c => $"{c.Kind}({c.Member.Id})" }}"
        : $"{entry.Index}/{entry.Term}{(entry.Data.IsEmpty ? "" : $" {Of(entry.Data)}")}";

    public static string Of(Message m)
    {
        string entries = string.Join(", ", m.Entries.Select(Of));
        string what = m.Kind switch
        {
            MessageKind.PreVote or MessageKind.Vote => $"last={m.Index}/{m.LogTerm}{(m.Context.IsEmpty ? "" : " by transfer")}",
            MessageKind.PreVoteResponse or MessageKind.VoteResponse => m.Reject ? "no" : "yes",
            MessageKind.Append => $"after={m.Index}/{m.LogTerm} commit={m.Commit} [{entries}]",
            MessageKind.AppendResponse => m.Reject ? $"no {m.Index}, hint={m.RejectHint}/{m.LogTerm}" : $"yes {m.Index}",
            MessageKind.Heartbeat => $"commit={m.Commit}{(m.Context.IsEmpty ? "" : $" read-round={m.Context.Span[0]}")}",
            MessageKind.HeartbeatResponse => m.Context.IsEmpty ? "" : $"read-round={m.Context.Span[0]}",
            MessageKind.Snapshot => $"{m.Snapshot!.Index}/{m.Snapshot.Term}",
            MessageKind.TimeoutNow => "",
            MessageKind.Propose => $"[{string.Join(", ", m.Entries.Select(e => e.Kind == EntryKind.Normal ? Of(e.Data) : e.Kind.ToString()))}]",
            MessageKind.ReadIndex => Of(m.Context),
            MessageKind.ReadIndexResponse => $"{Of(m.Context)} at {m.Index}",
        };
        return $"{m.From}->{m.To} {m.Kind}{(m.Term == 0 ? "" : $" term={m.Term}")} {what}".TrimEnd();
    }

    public static string Of(RaftLog log)
    {
        IEnumerable<string> entries = log.Slice(log.FirstIndex, log.LastIndex).Select(Of);
        return $"after {log.FirstIndex - 1}/{log.TermAt(log.FirstIndex - 1)}: {string.Join(", ", entries)} (commit {log.Commit}, applied {log.Applied})";
    }

    public static string Of(RaftStatus s) =>
        $"{s.Id} {s.Role} term={s.Term} vote={s.Vote} leader={s.Leader} commit={s.Commit} last={s.LastIndex}{(s.TransferTo == 0 ? "" : $" handing over to {s.TransferTo}")}";

    public static string Of(PeerStatus p) =>
        $"{p.Id} {p.State} match={p.Match} next={p.Next}{(p.Inflight == 0 ? "" : $" inflight={p.Inflight}")}{(p.IsVoter ? "" : " learner")}{(p.RecentlyActive ? "" : " silent")}";
}
