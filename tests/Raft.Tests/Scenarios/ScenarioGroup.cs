using System.Globalization;
using System.Text;

namespace Skep.Raft.Tests.Scenarios;

/// <summary>Members, the messages between them, and the commands of the scenario files. Disks are instant; nothing moves unless told.</summary>
/// <remarks>Source for the idea: etcd-io/raft:rafttest.</remarks>
internal sealed partial class ScenarioGroup
{
    private readonly SortedDictionary<ulong, ScenarioMember> _members = [];
    private readonly List<Message> _wire = [];
    private readonly HashSet<ulong> _cut = [];
    private readonly StringBuilder _output = new();
    private RaftCoreOptions _options = new() { Id = 1 };
    private bool _quiet;

    /// <summary>Runs one command line and returns what it printed.</summary>
    public string Run(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ScenarioCommand command = new(words[0], [.. words.Skip(1).Where(w => !w.Contains('='))],
            words.Skip(1).Where(w => w.Contains('=')).Select(w => w.Split('=', 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal));
        _output.Clear();
        _quiet = false;
        try
        {
            Perform(command);
        }
        catch (InvariantViolationException e)
        {
            Say(e.Message);
        }
        return _output.ToString();
    }

    private void Perform(ScenarioCommand command)
    {
        switch (command.Name)
        {
            case "options":
                SetOptions(command);
                break;
            case "group":
                AddGroup(command);
                break;
            case "node":
                AddNode(command);
                break;
            case "joiner":
                _members.Add(command.Id(0), new ScenarioMember(command.Id(0), default, SnapshotMeta.None, [], _options));
                break;
            case "tick":
                for (int left = command.Words.Length > 1 ? (int)command.Id(1) : 1; left > 0; left--)
                {
                    _members[command.Id(0)].Core.Tick();
                }

                break;
            case "campaign":
                Campaign(_members[command.Id(0)]);
                break;
            case "propose":
                SayUnlessAccepted(_members[command.Id(0)].Core.Propose(Encoding.UTF8.GetBytes(command.Words[1])));
                break;
            case "change":
                Change(command);
                break;
            case "read":
                SayUnlessAccepted(_members[command.Id(0)].Core.ReadIndex(Encoding.UTF8.GetBytes(command.Words[1])));
                break;
            case "transfer":
                SayUnlessAccepted(_members[command.Id(0)].Core.TransferLeadership(command.Id(1)));
                break;
            case "ready":
                foreach (ulong id in command.Ids(_members.Keys))
                {
                    ProcessAll(_members[id]);
                }

                break;
            case "deliver":
                Deliver(command);
                break;
            case "drop":
                foreach (Message message in Take(command))
                {
                    Say($"lost {ScenarioText.Of(message)}");
                }

                break;
            case "stabilize":
                _quiet = command.Words.Contains("quiet");
                Stabilize();
                break;
            case "cut":
                foreach (ulong id in command.Ids([]))
                {
                    _cut.Add(id);
                }

                break;
            case "heal":
                _cut.Clear();
                break;
            case "restart":
                _members[command.Id(0)] = _members[command.Id(0)].Restarted(_options);
                break;
            case "snapshot":
                _members[command.Id(0)].TakeSnapshot(ulong.Parse(command.Options.GetValueOrDefault("keep", "0"), CultureInfo.InvariantCulture));
                break;
            case "report-snapshot":
                _members[command.Id(0)].Core.ReportSnapshot(command.Id(1), command.Words[2] == "ok");
                break;
            case "unreachable":
                _members[command.Id(0)].Core.ReportUnreachable(command.Id(1));
                break;
            case "log":
                foreach (ulong id in command.Ids(_members.Keys))
                {
                    Say($"{id}: {ScenarioText.Of(_members[id].Core.Log)}");
                }

                break;
            case "status":
                foreach (ulong id in command.Ids(_members.Keys))
                {
                    Say(ScenarioText.Of(_members[id].Core.Status));
                }

                break;
            case "peers":
                foreach (PeerStatus peer in _members[command.Id(0)].Core.Status.Peers)
                {
                    Say(ScenarioText.Of(peer));
                }

                break;
            case "members":
                foreach (ulong id in command.Ids(_members.Keys))
                {
                    Say($"{id}: {_members[id].Core.Membership}");
                }

                break;
            default:
                throw new ArgumentException($"unknown command {command.Name}");
        }
    }

    private void SetOptions(ScenarioCommand command)
    {
        foreach ((string name, string value) in command.Options)
        {
            _options = name switch
            {
                "prevote" => _options with { PreVote = value == "on" },
                "checkquorum" => _options with { CheckQuorum = value == "on" },
                "inflight" => _options with { MaxInflightMessages = int.Parse(value, CultureInfo.InvariantCulture) },
                "bytes" => _options with { MaxEntryBytesPerMessage = int.Parse(value, CultureInfo.InvariantCulture) },
                "uncommitted" => _options with { MaxUncommittedBytes = int.Parse(value, CultureInfo.InvariantCulture) },
                "bug" => _options with { Bugs = Enum.Parse<InjectedBugs>(value) },
                _ => throw new ArgumentException($"unknown option {name}"),
            };
        }
    }

    private void AddGroup(ScenarioCommand command)
    {
        (HardState state, SnapshotMeta meta) = RaftCore.Bootstrap(command.Ids([]).Select(id => Member(id)));
        foreach (ulong id in command.Ids([]))
        {
            _members.Add(id, new ScenarioMember(id, state, meta, [], _options));
        }
    }

    /// <summary><c>node 3 of=1,2,3 term=4 log=1,1,4 commit=2</c>: a member with a past. The log's terms start at index 2, after the bootstrap.</summary>
    private void AddNode(ScenarioCommand command)
    {
        ulong[] of = ScenarioCommand.Numbers(command.Options["of"]);
        ulong[] terms = command.Options.TryGetValue("log", out string? log) ? ScenarioCommand.Numbers(log) : [];
        (HardState state, SnapshotMeta meta) = RaftCore.Bootstrap(of.Select(id => Member(id)));
        Entry[] entries = [.. terms.Select((term, i) => new Entry(term, (ulong)i + 2, EntryKind.Normal, Encoding.UTF8.GetBytes($"t{term}")))];
        state = state with
        {
            Term = ulong.Parse(command.Options.GetValueOrDefault("term", "1"), CultureInfo.InvariantCulture),
            Commit = ulong.Parse(command.Options.GetValueOrDefault("commit", "1"), CultureInfo.InvariantCulture),
        };
        _members.Add(command.Id(0), new ScenarioMember(command.Id(0), state, meta, entries, _options));
    }

    private static RaftMember Member(ulong id) => new(id, $"node{id}", $"host{id}", IsVoter: true);

    private static void Campaign(ScenarioMember member)
    {
        ulong term = member.Core.Status.Term;
        for (int i = 0; i < 100 && member.Core.Status.Term == term && member.Core.Role is not (RaftRole.PreCandidate or RaftRole.Candidate); i++)
        {
            member.Core.Tick();
        }
    }

    private void Change(ScenarioCommand command)
    {
        MembershipChangeKind kind = command.Words[1] switch
        {
            "add-learner" => MembershipChangeKind.AddLearner,
            "add-voter" => MembershipChangeKind.AddVoter,
            "promote" => MembershipChangeKind.Promote,
            "remove" => MembershipChangeKind.Remove,
            "move" => MembershipChangeKind.UpdateAddress,
            string other => throw new ArgumentException($"unknown change {other}"),
        };
        SayUnlessAccepted(_members[command.Id(0)].Core.ProposeMembership(new MembershipChange(kind, Member(command.Id(2)))));
    }

    private void SayUnlessAccepted(ProposeOutcome outcome)
    {
        if (outcome != ProposeOutcome.Accepted)
        {
            Say(outcome.ToString());
        }
    }

    private void Say(string line) => _output.Append(line).Append('\n');
}
