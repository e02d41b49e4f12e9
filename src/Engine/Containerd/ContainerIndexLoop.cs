using System.Threading.Channels;
using Grpc.Core;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>Keeps the index as containerd is: asks again for what its events name, and for everything after the events broke off.</summary>
internal sealed class ContainerIndexLoop(ContainerdClient client, ContainerIndex index, TimeProvider time) : IDisposable
{
    /// <summary>When more have changed than this, asking for all of them at once is less.</summary>
    private const int MostChanged = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    /// <summary>Readings are applied in the order they were asked for.</summary>
    private readonly SemaphoreSlim _reading = new(1);

    /// <summary>One sign is enough: whoever wakes takes all that has changed.</summary>
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>containerd says that a container was created, changed or deleted, by us or by somebody else.</summary>
    public void Changed(string id)
    {
        lock (_gate)
        {
            _changed.Add(id);
        }

        _work.Writer.TryWrite(true);
    }

    /// <summary>Something may have been missed: reads everything anew, however often it takes.</summary>
    public async Task RebuildAsync(CancellationToken ct)
    {
        while (true)
        {
            await _reading.WaitAsync(ct);
            try
            {
                Take();
                await ReadAllAsync(ct);
                return;
            }
            catch (RpcException) when (!ct.IsCancellationRequested)
            {
                await Task.Delay(Pause, time, ct);
            }
            finally
            {
                _reading.Release();
            }
        }
    }

    /// <summary>Asks for what changes. Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await foreach (bool _ in _work.Reader.ReadAllAsync(ct))
        {
            string[] changed = Take();
            if (changed.Length > MostChanged)
            {
                await RebuildAsync(ct);
                continue;
            }

            foreach (string id in changed)
            {
                await ReadAsync(id, ct);
            }
        }
    }

    public void Dispose() => _reading.Dispose();

    private string[] Take()
    {
        lock (_gate)
        {
            string[] changed = [.. _changed];
            _changed.Clear();
            return changed;
        }
    }

    private async Task ReadAsync(string id, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            using ContainerIndex.Reading reading = index.BeginReading();
            reading.Apply(id, await FindAsync(id, ct));
        }
        catch (RpcException) when (!ct.IsCancellationRequested)
        {
            // containerd is away: its events break off too, and everything is read anew when they stand again. Should only this call have failed, it is repeated.
            await Task.Delay(Pause, time, ct);
            Changed(id);
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<FoundContainer?> FindAsync(string id, CancellationToken ct)
    {
        try
        {
            return FoundContainer.From((await client.Containers.GetAsync(new Cd.GetContainerRequest { Id = id }, cancellationToken: ct)).Container);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <remarks>One message for each container: a single answer with all of them would be larger than gRPC lets through on a node with thousands.</remarks>
    private async Task ReadAllAsync(CancellationToken ct)
    {
        using ContainerIndex.Reading reading = index.BeginReading();
        var listed = new List<FoundContainer>();
        using AsyncServerStreamingCall<Cd.ListContainerMessage> call = client.Containers.ListStream(new Cd.ListContainersRequest(), cancellationToken: ct);
        await foreach (Cd.ListContainerMessage message in call.ResponseStream.ReadAllAsync(ct))
        {
            listed.Add(FoundContainer.From(message.Container));
        }

        reading.ApplyAll(listed);
    }
}
