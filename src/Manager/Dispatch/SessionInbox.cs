using System.Threading.Channels;

namespace Skep.Manager.Dispatch;

/// <summary>What one agent says that has to be stored, stored in its order while the session is read on: a heartbeat that waits behind a commit is no sign of life.</summary>
/// <param name="accepted">Called with the number of each batch of reports once it is stored.</param>
internal sealed class SessionInbox(NodeId node, StatusWriter statuses, NodeRegistrar registrar, Action<ulong> accepted)
{
    /// <summary>Reports that may wait. An agent that says more while nothing is stored asks another manager and says it there.</summary>
    private const int MostWaiting = 10_000;

    private readonly Channel<Said> _said = Channel.CreateUnbounded<Said>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>Completes when the first description is stored.</summary>
    public Task Registered => _registered.Task;

    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: too much waits already.</exception>
    public void Put(TaskReport[] reports, ulong number) => Put(new Said(reports, number, null), reports.Length);

    /// <inheritdoc cref="Put(TaskReport[], ulong)"/>
    public void Put(NodeDescription description) => Put(new Said([], 0, description), 0);

    /// <summary>Ends with an error that says why something could not be stored, or when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await foreach (Said said in _said.Reader.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (said.Description is { } description)
            {
                await registrar.RegisterAsync(node, description, ct).ConfigureAwait(false);
                _registered.TrySetResult();
            }
            else
            {
                await statuses.StoreAsync(node, said.Reports, ct).ConfigureAwait(false);
                accepted(said.Number);
            }

            Interlocked.Add(ref _waiting, -1 - said.Reports.Length);
        }
    }

    private void Put(Said said, int reports)
    {
        if (Interlocked.Add(ref _waiting, 1 + reports) > MostWaiting)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"{MostWaiting} reports wait to be stored by this manager; ask another");
        }

        _said.Writer.TryWrite(said);
    }

    private sealed record Said(TaskReport[] Reports, ulong Number, NodeDescription? Description);
}
