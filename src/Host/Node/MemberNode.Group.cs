using System.Net;
using Microsoft.Extensions.Logging;
using Skep.Host.Identity;
using Skep.Host.Listeners;
using Skep.Manager;
using Skep.Raft;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>How a node with a manager's certificate becomes a member of the Raft group, and learns that it is none any more.</summary>
internal sealed partial class MemberNode
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(20);

    /// <summary>Between two attempts of a node that has something else to do meanwhile.</summary>
    private static readonly TimeSpan JoinPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MembershipPeriod = TimeSpan.FromSeconds(5);

    /// <summary>A member without a leader for so long asks whether it is one. Elections take seconds.</summary>
    private static readonly TimeSpan LongestLeaderless = TimeSpan.FromSeconds(10);

    private bool _isDropped;

    private bool IsOutsideGroup => _record.RaftId == 0 && _entrance is not (Entrance.Founding or Entrance.Restoring);

    /// <summary>Asks to be taken in. Managers call back first, so the node listens already; it serves what a worker does.</summary>
    /// <remarks>A node that comes new has nothing to go on with and gives up soon. One that was promoted goes on with its tasks as long as it takes.</remarks>
    /// <returns>False: the node is no manager-to-be any more.</returns>
    /// <exception cref="ClusterException">For a new node: why the group did not take it in.</exception>
    private async Task<bool> EnterGroupAsync(WorkerAgent agent, CancellationToken ct)
    {
        if (!_isNew)
        {
            _members.AskFromNowOn(agent.Members); // A new node knows nobody, and has nobody to ask: it refuses whatever it is called for, which is answer enough.
        }

        await using PeerListener listener = await PeerListener.StartAsync(
            IPEndPoint.Parse(_record.ListenAddress), _identity, _members, agent, manager: null, () => false, _time, _log, ct).ConfigureAwait(false);
        if (_isNew)
        {
            await JoinGroupAsync(ct).ConfigureAwait(false);
            _isNew = false;
            return true;
        }

        using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task joining = JoinGroupInTimeAsync(together.Token);
        Task[] running = [joining, .. RunAgent(agent, serving: null, together.Token), UntilRoleChangesAsync(NodeRole.Manager, together.Token)];
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await together.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
        return first == joining;
    }

    private async Task JoinGroupInTimeAsync(CancellationToken ct)
    {
        string told = "";
        while (true)
        {
            try
            {
                await JoinGroupAsync(ct).ConfigureAwait(false);
                return;
            }
            catch (ClusterException e)
            {
                if (told != e.Message)
                {
                    _logger.NotInGroupYet(told = e.Message);
                }
            }

            await Task.Delay(JoinPause, _time, ct).ConfigureAwait(false);
        }
    }

    private async Task JoinGroupAsync(CancellationToken ct)
    {
        (ulong id, IReadOnlyList<RaftMember> known) = await ManagerJoin.AskAsync(_record.Managers, _record.AdvertiseAddress, _channels, _time, JoinLimit, ct).ConfigureAwait(false);
        Remember(_record with { RaftId = id, KnownMembers = [.. known] });
    }

    /// <summary>Ends when the group has gone on without this member: it was silent for too long before it voted. It may come again, as another member.</summary>
    private async Task UntilDroppedAsync(ManagerNode manager, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(MembershipPeriod, _time);
        long led = _time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
        {
            if (manager.Raft.Status.Leader != 0)
            {
                led = _time.GetTimestamp();
            }
            else if (_time.GetElapsedTime(led) > LongestLeaderless && await ManagerJoin.IsDroppedAsync(_record, _channels, _time, ct).ConfigureAwait(false))
            {
                _logger.DroppedFromGroup(_record.RaftId);
                _isDropped = true;
                return;
            }
        }
    }

    /// <summary>A node that is a manager no more, or another member from now on, keeps nothing of the store.</summary>
    private void ForgetGroup()
    {
        _isDropped = false;
        _entrance = new Entrance.GoingOn(); // Another start from nothing joins the cluster that was founded then.
        if (_record.RaftId != 0)
        {
            Remember(_record with { RaftId = 0, KnownMembers = [] });
        }

        if (Directory.Exists(_paths.Manager))
        {
            Directory.Delete(_paths.Manager, recursive: true);
        }
    }

    /// <summary>The node's agent, and what keeps its certificate good.</summary>
    /// <param name="serving">Null while the node serves as a worker.</param>
    private Task[] RunAgent(WorkerAgent agent, ManagerNode? serving, CancellationToken ct)
    {
        var membership = new Worker.Agent.Membership(
            _identity.Current.Node,
            _identity.Current.Cluster,
            (serving is not null ? [_record.AdvertiseAddress, .. _record.Managers.Where(m => m != _record.AdvertiseAddress)] : _record.Managers).ToValueList(),
            _record.AdvertiseAddress,
            _record.DataPathAddress)
        {
            Certificate = new CertificateOfNode(_identity),
        };
        var renewer = new CertificateRenewer(_identity, IsWanted, c => TryRenewAsync(serving, c), _time, _random);
        _renewer = renewer;
        return [agent.RunAsync(membership, new ChannelsOfAgent(_channels), OnClusterInfo, ct), renewer.RunAsync(ct)];
    }
}
