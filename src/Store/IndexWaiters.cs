namespace Skep.Store;

/// <summary>Who waits for which index to be applied.</summary>
internal sealed class IndexWaiters
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, ulong> _waiting = new();
    private ulong _reached;

    public ValueTask WaitAsync(ulong index, CancellationToken ct)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_reached >= index)
            {
                return ValueTask.CompletedTask;
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiter, index);
        }

        return new ValueTask(waiter.Task.WaitAsync(ct));
    }

    public void Reach(ulong index)
    {
        lock (_gate)
        {
            _reached = index;
            while (_waiting.TryPeek(out TaskCompletionSource? waiter, out ulong wanted) && wanted <= index)
            {
                _waiting.Dequeue();
                waiter.TrySetResult();
            }
        }
    }
}
