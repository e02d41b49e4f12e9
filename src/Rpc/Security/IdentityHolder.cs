namespace Skep.Rpc.Security;

/// <summary>The identity in force; replaced as a whole when a certificate is renewed, so that open listeners and channels take the new one.</summary>
public sealed class IdentityHolder(NodeIdentity initial)
{
    private volatile NodeIdentity _current = initial;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeIdentity Current => _current;

    /// <summary>Completes at the next <see cref="Replace"/>.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    public void Replace(NodeIdentity identity)
    {
        _current = identity;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
