using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Manager.Control;
using Skep.Manager.Liveness;
using Skep.Raft;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Dispatch;

/// <summary>The sessions of this manager's agents: tells each what its node has to know, from this manager's own replica, and takes what it reports.</summary>
public sealed class DispatchService(
    DispatchHub hub,
    StatusWriter statuses,
    NodeRegistrar registrar,
    NodePresence presence,
    ReplicaProgress progress,
    AttachmentControl attachments,
    RaftNode raft,
    TimeProvider time,
    ILogger<DispatchService> logger) : V1.Dispatch.DispatchBase
{
    /// <summary>A manager without a leader for so long has nothing true to say; its agents shall ask another. Longer than an election.</summary>
    private static readonly TimeSpan LeaderlessLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeaderlessPeriod = TimeSpan.FromSeconds(1);

    /// <summary>For the message that is being written when a session ends: cancelled, it would reset the call, and the agent would never hear the reason.</summary>
    private static readonly TimeSpan LastWriteLimit = TimeSpan.FromSeconds(1);

    private readonly OpenSessions _sessions = new();

    public override async Task Session(IAsyncStreamReader<V1.AgentMessage> requestStream, IServerStreamWriter<V1.ManagerMessage> responseStream, ServerCallContext context)
    {
        NodeId node = context.Caller().Node;
        string reason = "closed by the agent";
        OpenSession? open = null;
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using CancellationTokenSource abandoning = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        ManagerMetrics.Sessions.Add(1);
        try
        {
            if (!await requestStream.MoveNext(ending.Token).ConfigureAwait(false) || requestStream.Current.MessageCase != V1.AgentMessage.MessageOneofCase.Hello)
            {
                throw ClusterException.Invalid("a session begins with Hello");
            }

            NodeDescription description = Described(requestStream.Current.Hello.Description);
            // From here on what is stored waits its turn in the inbox, and what is heard counts at once: a node must not be Down because this replica is slow.
            presence.Seen(node);
            open = _sessions.Begin(node, context.Peer, out OpenSession? replaced);
            if (replaced is not null)
            {
                logger.SessionReplaced(node, context.Peer, replaced.Peer);
            }

            var session = new DispatchSession(node, hub, time, logger);
            var inbox = new SessionInbox(node, statuses, registrar, session.Accepted);
            inbox.Put(description);
            Task reading = ReadAsync(session, inbox, requestStream, ending.Token);
            Task writing = WriteAsync(session, description, inbox, responseStream, abandoning.Token, ending.Token);
            Task storing = inbox.RunAsync(ending.Token);
            Task first = await Task.WhenAny(reading, writing, storing, open.Replaced, EndWhenLeaderlessAsync(ending.Token), progress.UntilStalledAsync(ending.Token)).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            // All are out of the call's streams before the handler returns: the server uses those for the next call.
            Task all = Task.WhenAll(reading, writing, storing);
            await Task.WhenAny(all, Task.Delay(LastWriteLimit, time, abandoning.Token)).ConfigureAwait(false);
            await abandoning.CancelAsync().ConfigureAwait(false);
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first.ConfigureAwait(false);
        }
        catch (ClusterException e)
        {
            reason = e.Message;
            throw;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException || (e is InvalidOperationException && context.CancellationToken.IsCancellationRequested))
        {
            reason = "connection lost";
        }
        finally
        {
            if (open is not null && _sessions.End(open))
            {
                presence.Removed(node); // A newer session is not forgotten with an older one.
            }

            ManagerMetrics.Sessions.Add(-1);
            logger.SessionEnded(node, reason);
        }
    }

    public override async Task<V1.AttachResponse> Attach(V1.AttachRequest request, ServerCallContext context)
    {
        AttachmentRequest wish = new AttachmentRequest(request.ContainerId, request.ContainerName, request.Network)
        {
            Aliases = request.Aliases.ToValueList(),
            Address = request.HasAddress ? new Ipv4Address(request.Address) : null,
        };
        AttachmentResult answer = await attachments.AttachAsync(context.Caller().Node, wish, context.CancellationToken).ConfigureAwait(false);
        return new V1.AttachResponse { TaskId = answer.Task.Value, NetworkId = answer.Network.Value, Trouble = answer.Error };
    }

    public override async Task<V1.DetachResponse> Detach(V1.DetachRequest request, ServerCallContext context)
    {
        await attachments.DetachAsync(context.Caller().Node, [.. request.TaskIds.Select(t => new TaskId(t))], context.CancellationToken).ConfigureAwait(false);
        return new V1.DetachResponse();
    }

    private static NodeDescription Described(V1.NodeDescription? said)
    {
        if (said is null || said.CalculateSize() > NodeDescriptionRules.MaxBytes)
        {
            throw ClusterException.Invalid($"a node describes itself, in at most {NodeDescriptionRules.MaxBytes} bytes");
        }

        NodeDescription description = said.ToModel();
        NodeDescriptionRules.Check(description);
        return description;
    }

    private async Task EndWhenLeaderlessAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(LeaderlessPeriod, time);
        long led = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
        {
            if (raft.Status.Leader != 0)
            {
                led = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(led) > LeaderlessLimit)
            {
                throw new ClusterException(ErrorKind.Unavailable, "this manager has lost its leader; ask another");
            }
        }
    }

    /// <summary>Tells nothing before the node is registered, for only then is this replica known to be up to date, and judged: whose join has ended is there.</summary>
    private async Task WriteAsync(DispatchSession session, NodeDescription description, SessionInbox inbox, IServerStreamWriter<V1.ManagerMessage> output, CancellationToken writing, CancellationToken ct)
    {
        await inbox.Registered.WaitAsync(ct).ConfigureAwait(false);
        presence.Announce(session.Node);
        await registrar.UntilJudgedAsync(session.Node, ct).ConfigureAwait(false);
        logger.SessionOpened(session.Node, description.Hostname);
        await session.WriteAsync(output, writing, ct).ConfigureAwait(false);
    }

    /// <summary>Waits for nothing but the next message: each is a sign of life, and what has to be stored is stored meanwhile.</summary>
    private async Task ReadAsync(DispatchSession session, SessionInbox inbox, IAsyncStreamReader<V1.AgentMessage> messages, CancellationToken ct)
    {
        while (await messages.MoveNext(ct).ConfigureAwait(false))
        {
            presence.Seen(session.Node);
            V1.AgentMessage message = messages.Current;
            switch (message.MessageCase)
            {
                case V1.AgentMessage.MessageOneofCase.Reports:
                    inbox.Put([.. message.Reports.Reports.Select(r => TaskReportRules.Checked(r.ToModel(), time.GetUtcNow()))], message.Reports.Number);
                    break;
                case V1.AgentMessage.MessageOneofCase.Heartbeat:
                    session.Check(message.Heartbeat.Sequence, message.Heartbeat.Checksum);
                    break;
                case V1.AgentMessage.MessageOneofCase.Description:
                    inbox.Put(Described(message.Description));
                    break;
                default:
                    throw ClusterException.Invalid($"unexpected message {message.MessageCase} in a session");
            }
        }
    }
}
