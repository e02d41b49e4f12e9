namespace Skep.Raft.Tests.Scenarios;

/// <summary>Moving messages and working off Readys.</summary>
internal sealed partial class ScenarioGroup
{
    private bool ProcessAll(ScenarioMember member)
    {
        bool any = false;
        while (Process(member))
        {
            any = true;
        }

        return any;
    }

    private bool Process(ScenarioMember member)
    {
        if (!member.Core.HasReady)
        {
            return false;
        }

        Ready ready = member.Core.Ready();
        if (ready.SoftStateChanged)
        {
            Say($"{member.Id} is {ready.Role} in term {member.Core.Status.Term}, leader {ready.Leader}");
        }

        member.Persist(ready);
        foreach (Message message in ready.Messages.Concat(ready.MessagesAfterPersist))
        {
            bool lost = _cut.Contains(message.From) || _cut.Contains(message.To) || !_members.ContainsKey(message.To);
            if (!_quiet)
            {
                Say($"{ScenarioText.Of(message)}{(lost ? " (lost)" : "")}");
            }

            if (!lost)
            {
                _wire.Add(message);
            }
        }
        if (ready.Snapshot is { } meta)
        {
            Say($"{member.Id} installs snapshot {meta.Index}/{meta.Term} of [{meta.Membership}]");
        }

        foreach (Entry entry in ready.Committed)
        {
            Say($"{member.Id} applies {ScenarioText.Of(entry)}");
        }

        foreach (ReadState read in ready.ReadStates)
        {
            Say($"{member.Id} may read {ScenarioText.Of(read.Context)} at {read.Index}");
        }

        member.Core.Advance(ready);
        return true;
    }

    private List<Message> Take(ScenarioCommand command)
    {
        List<Message> taken = _wire.FindAll(m => command.Matches("from", m.From) && command.Matches("to", m.To)
            && (!command.Options.TryGetValue("kind", out string? kind) || m.Kind.ToString() == kind));
        _wire.RemoveAll(taken.Contains);
        return taken;
    }

    private void Deliver(ScenarioCommand command)
    {
        foreach (Message message in Take(command))
        {
            if (!_cut.Contains(message.From) && !_cut.Contains(message.To))
            {
                _members[message.To].Core.Step(message);
            }
        }
    }

    private void Stabilize()
    {
        for (int round = 0; round < 1000; round++)
        {
            bool moved = false;
            foreach (ScenarioMember member in _members.Values)
            {
                moved |= ProcessAll(member);
            }

            if (_wire.Count == 0 && !moved)
            {
                return;
            }

            Deliver(new ScenarioCommand("deliver", [], []));
        }
        Say("does not come to rest");
    }
}
