using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Rpc;
using Skep.Rpc.Mapping;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Dispatch;

/// <summary>The sending half of one agent's session.</summary>
internal sealed class DispatchSession(NodeId node, DispatchHub hub, TimeProvider time, ILogger logger)
{
    /// <summary>Lets a burst of commits become one step; far below what a user notices.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(5);

    private static volatile Root? _root;

    private readonly Channel<bool> _wake = hub.Subscribe();
    private readonly ConcurrentQueue<ulong> _accepted = new();
    private readonly AssignmentStream _stream = new();
    private readonly AssignmentChecksum _checksum = new();
    private V1.NodeView? _sentView;
    private ulong _sequence;
    private (ulong Sequence, ulong Checksum) _expected;
    private bool _resync;

    public NodeId Node => node;

    /// <summary>The reports of this number are stored; the agent may forget them.</summary>
    public void Accepted(ulong number)
    {
        _accepted.Enqueue(number);
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Compares the agent's set with ours; both are at the same step or the question is moot.</summary>
    public void Check(ulong sequence, ulong checksum)
    {
        lock (_stream)
        {
            if (sequence != 0 && _expected.Sequence == sequence && _expected.Checksum != checksum)
            {
                logger.AssignmentsDiffer(node, sequence);
                ManagerMetrics.SetsDiffer.Add(1);
                _resync = true;
                _wake.Writer.TryWrite(true);
            }
        }
    }

    /// <param name="writing">Gives up a message that is being written, and with it the call: the agent is not told why.</param>
    /// <param name="ct">Ends the session before the next message.</param>
    public async Task WriteAsync(IServerStreamWriter<V1.ManagerMessage> output, CancellationToken writing, CancellationToken ct)
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
            {
                _wake.Reader.TryRead(out _);
                while (_accepted.TryDequeue(out ulong number))
                {
                    await SendAsync(new V1.ManagerMessage { Accepted = new V1.ReportsAccepted { Number = number } }).ConfigureAwait(false);
                }

                (StoreView view, NetworkTables tables) = hub.Latest();
                if (view.Nodes.Find(node) is not { } self)
                {
                    throw new ClusterException(ErrorKind.PermissionDenied, $"node {node} was removed from the cluster");
                }

                V1.NodeView nodeView = ViewOf(view, self);
                if (!nodeView.Equals(_sentView))
                {
                    await SendAsync(new V1.ManagerMessage { Node = nodeView }).ConfigureAwait(false);
                    _sentView = nodeView;
                }

                if (NextStep(view, tables) is { } step)
                {
                    await SendAsync(new V1.ManagerMessage { Assignments = step }).ConfigureAwait(false);
                }

                await Task.Delay(Gather, time, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            hub.Unsubscribe(_wake);
        }

        Task SendAsync(V1.ManagerMessage message)
        {
            ct.ThrowIfCancellationRequested();
            return output.WriteAsync(message, writing);
        }
    }

    private V1.Assignments? NextStep(StoreView view, NetworkTables tables)
    {
        Dictionary<AssignmentKey, AssignmentItem> wanted = AssignmentPlanner.Plan(view, tables, node);
        lock (_stream)
        {
            if (_resync)
            {
                _resync = false;
                _stream.StartOver();
            }

            if (_stream.Next(wanted) is not { } change)
            {
                return null;
            }

            var step = new V1.Assignments { IsComplete = change.IsComplete, Sequence = change.Sequence };
            if (change.IsComplete)
            {
                _checksum.Clear();
            }

            foreach (AssignmentItem item in change.Puts)
            {
                V1.AssignmentItem proto = item.ToProto();
                _checksum.Put(item.Key, proto);
                step.Puts.Add(proto);
            }

            foreach (AssignmentKey key in change.Removes)
            {
                _checksum.Remove(key);
                step.Removes.Add(new V1.AssignmentKey { Kind = (int)key.Kind, Id = key.Id });
            }

            ManagerMetrics.Sent(step.Puts.Count, step.Removes.Count);
            _sequence = change.Sequence;
            _expected = (_sequence, _checksum.Value);
            return step;
        }
    }

    /// <summary>Views are made often, roots change seldom.</summary>
    private static ByteString KeyOf(string rootPem)
    {
        if (_root is not { } root || root.Pem != rootPem)
        {
            using X509Certificate2? certificate = rootPem.Length == 0 ? null : X509Certificate2.CreateFromPem(rootPem);
            _root = root = new Root(rootPem, certificate is null ? ByteString.Empty : ByteString.CopyFrom(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        }

        return root.Key;
    }

    private sealed record Root(string Pem, ByteString Key);

    private static V1.NodeView ViewOf(StoreView view, Node self)
    {
        Cluster cluster = view.Cluster ?? throw new ClusterException(ErrorKind.Unavailable, "the cluster is not made yet");
        var result = new V1.NodeView
        {
            ClusterId = cluster.Id.Value,
            DesiredRole = (int)self.Role,
            HeartbeatPeriodNanos = (long)(cluster.Spec.HeartbeatPeriod.TotalMilliseconds * 1e6),
            RootCaPem = cluster.RootCa.TrustedPem,
            IssuerPublicKey = KeyOf(cluster.RootCa.SigningPem),
            DataPathPort = (uint)cluster.DataPathPort,
        };
        foreach (Node manager in view.Nodes.Where(n => n.Manager is not null))
        {
            result.Managers.Add(new V1.ManagerAddress { NodeId = manager.Id.Value, Address = manager.Manager!.Address });
        }

        result.ManagerPorts.AddRange(result.Managers.Select(m => uint.TryParse(m.Address.AsSpan(m.Address.LastIndexOf(':') + 1), out uint port) ? port : 0).Where(p => p != 0).Distinct().Order());
        return result;
    }
}
