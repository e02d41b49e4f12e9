using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Skep.Overlay.Namespaces;

/// <summary>Namespaces made ahead by a thread of their own, so that a task's start does not wait for the kernel to make one.</summary>
internal sealed class SandboxPool(NamespaceFactory factory, KernelThread maker, int size, ILogger logger)
{
    private readonly ConcurrentQueue<SandboxNamespace> _ready = [];
    private int _coming;
    private volatile bool _closed;

    /// <summary>Takes in one that an earlier run left unused.</summary>
    public void Add(SandboxNamespace sandbox) => _ready.Enqueue(sandbox);

    public SandboxNamespace Take()
    {
        if (!_ready.TryDequeue(out SandboxNamespace? sandbox))
        {
            sandbox = maker.Run(() => factory.MakeSandbox(maker));
        }

        Refill();
        return sandbox;
    }

    /// <summary>Has the maker fill the pool up; does not wait.</summary>
    public void Refill()
    {
        while (!_closed && _ready.Count + Volatile.Read(ref _coming) < size)
        {
            Interlocked.Increment(ref _coming);
            _ = maker.RunAsync(MakeOne, CancellationToken.None);
        }
    }

    /// <summary>Stops making; what is ready is handed back.</summary>
    public List<SandboxNamespace> Close()
    {
        _closed = true;
        return maker.Run(() => _ready.ToList());
    }

    private bool MakeOne()
    {
        try
        {
            if (!_closed)
            {
                _ready.Enqueue(factory.MakeSandbox(maker));
            }

            return true;
        }
        catch (Exception e) when (e is KernelException or Nftables.NftException or IOException)
        {
            OverlayLog.PoolFailed(logger, e);
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _coming);
        }
    }
}
