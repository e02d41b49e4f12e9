using System.Runtime.ExceptionServices;

namespace Skep.Overlay.Namespaces;

/// <summary>A thread of its own that does blocking kernel work in order, and may step into other namespaces for single calls.</summary>
internal sealed class KernelThread : IDisposable
{
    private const int MostWaiting = 4096; // full: callers wait, nothing is dropped

    // Not a BlockingCollection: that yields the processor some hundred times before it sleeps.
    private readonly object _gate = new();
    private readonly Queue<Action> _work = [];
    private bool _isEnding;
    private readonly Thread _thread;
    private readonly FileDescriptor _home;

    public KernelThread(string name)
    {
        _home = LibC.OpenRead("/proc/self/ns/net");
        _thread = new Thread(Loop) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>The namespace the process lives in.</summary>
    public FileDescriptor Home => _home;

    public Task<T> RunAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(ct);
        }

        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(() => Complete(done, work, ct));
        return done.Task;
    }

    /// <summary>Has this thread do something while another kernel thread waits for it.</summary>
    public T Run<T>(Func<T> work)
    {
        using var done = new ManualResetEventSlim(initialState: false, spinCount: 0);
        (T? result, ExceptionDispatchInfo? failure) = (default, null);
        Add(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e) // the edge between this thread and its callers
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
        return result!;
    }

    /// <summary>Makes the calls inside a namespace; on this thread only.</summary>
    public void RunIn(FileDescriptor? target, NamespaceCalls calls)
    {
        if (Thread.CurrentThread != _thread)
        {
            throw new InvalidOperationException("namespaces are entered by their own thread only");
        }

        bool held = false;
        target?.DangerousAddRef(ref held); // a descriptor closed meanwhile could be another namespace's by now
        try
        {
            calls.RunIn(_home.Value, target?.Value ?? -1);
        }
        finally
        {
            if (held)
            {
                target!.DangerousRelease();
            }
        }
    }

    private static void Complete<T>(TaskCompletionSource<T> done, Func<T> work, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            done.SetCanceled(ct);
            return;
        }
        try
        {
            done.SetResult(work());
        }
        catch (Exception e) // the edge between this thread and its callers
        {
            done.SetException(e);
        }
    }

    private void Loop()
    {
        using (var warmUp = new NamespaceCalls())
        {
            warmUp.Add("close", SyscallWindow.Close, -1, mayFail: true);
            RunIn(_home, warmUp);
        }
        while (Take() is { } work)
        {
            work();
        }
    }

    private void Add(Action work)
    {
        lock (_gate)
        {
            while (_work.Count >= MostWaiting && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            ObjectDisposedException.ThrowIf(_isEnding, this);
            _work.Enqueue(work);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The next piece of work; null when there is none left and none will come.</summary>
    private Action? Take()
    {
        lock (_gate)
        {
            while (_work.Count == 0 && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            if (!_work.TryDequeue(out Action? work))
            {
                return null;
            }

            if (_work.Count == MostWaiting - 1)
            {
                Monitor.PulseAll(_gate);
            }

            return work;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _home.Dispose();
    }
}
