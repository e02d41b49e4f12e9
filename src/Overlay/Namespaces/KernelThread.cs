using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Skep.Overlay.Namespaces;

/// <summary>A thread of its own that does blocking kernel work in order, and may step into other namespaces for single calls.</summary>
internal sealed class KernelThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new(boundedCapacity: 4096); // full: callers wait, nothing is dropped
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
            return Task.FromCanceled<T>(ct);
        ObjectDisposedException.ThrowIf(_work.IsAddingCompleted, this);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => Complete(done, work, ct), ct);
        return done.Task;
    }

    /// <summary>Has this thread do something while another kernel thread waits for it.</summary>
    public T Run<T>(Func<T> work)
    {
        ObjectDisposedException.ThrowIf(_work.IsAddingCompleted, this);
        using var done = new ManualResetEventSlim();
        (T? result, ExceptionDispatchInfo? failure) = (default, null);
        _work.Add(() =>
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
            throw new InvalidOperationException("namespaces are entered by their own thread only");
        bool held = false;
        target?.DangerousAddRef(ref held); // a descriptor closed meanwhile could be another namespace's by now
        try
        {
            calls.RunIn(_home.Value, target?.Value ?? -1);
        }
        finally
        {
            if (held)
                target!.DangerousRelease();
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
        foreach (Action work in _work.GetConsumingEnumerable())
            work();
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _work.Dispose();
        _home.Dispose();
    }
}
