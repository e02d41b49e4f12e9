using Skep.Rpc.Security;

namespace Skep.Host.Identity;

/// <summary>When a node asks for its next certificate: between half and four fifths of the present one's life, or at once when it is not the one that the cluster wants.</summary>
/// <param name="isWanted">Whether the cluster is content with this certificate but for its age.</param>
/// <param name="renewAsync">Asks managers and puts the new certificate in force; false when none gave one.</param>
internal sealed class CertificateRenewer(IdentityHolder identity, Func<NodeIdentity, bool> isWanted, Func<CancellationToken, Task<bool>> renewAsync, TimeProvider time, Random random)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A timer's limit, and what a clock that was set may be off for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(12);

    private TaskCompletionSource _look = NewSignal();

    /// <summary>Has it look again whether the certificate is still wanted.</summary>
    public void Look() => Interlocked.Exchange(ref _look, NewSignal()).TrySetResult();

    /// <summary>Lasts until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        TimeSpan pause = ShortestPause;
        (NodeIdentity? Of, DateTimeOffset At) due = default;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            Task look = Volatile.Read(ref _look).Task;
            NodeIdentity present = identity.Current;
            if (due.Of is null || due.Of.CertificatePem != present.CertificatePem)
            {
                due = (present, present.RenewAt(random));
            }

            TimeSpan left = due.At - time.GetUtcNow();
            if (isWanted(present) && left > TimeSpan.Zero)
            {
                using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(look, Task.Delay(left < LongestWait ? left : LongestWait, time, wait.Token)).ConfigureAwait(false);
                await wait.CancelAsync().ConfigureAwait(false);
                continue;
            }

            if (await renewAsync(ct).ConfigureAwait(false))
            {
                pause = ShortestPause;
            }
            else
            {
                await Task.Delay(pause, time, ct).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
