using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Skep.Rpc.Security;

/// <summary>Streams that are being served, cut when their caller may no longer hold them: a stream lives longer than the right to open it.</summary>
public sealed class OpenStreams(CallAuthority authority, ILogger<OpenStreams> logger)
{
    private readonly ConcurrentDictionary<Stream, bool> _open = [];

    /// <summary>Watches a stream until disposed. To be called before the caller is judged, or news between the two would be missed.</summary>
    public IDisposable Add(string method, PeerIdentity? caller, HttpContext http)
    {
        var stream = new Stream(this, method, caller, http);
        _open[stream] = true;
        return stream;
    }

    /// <summary>Judges all streams anew whenever members change. Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            Task changed = authority.Changed;
            foreach (Stream stream in _open.Keys)
            {
                if (authority.Refusal(stream.Method, stream.Caller) is { } refusal)
                {
                    logger.StreamCut(stream.Method, refusal.Message);
                    stream.Http.Abort();
                }
            }

            await changed.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    private sealed record Stream(OpenStreams Owner, string Method, PeerIdentity? Caller, HttpContext Http) : IDisposable
    {
        public void Dispose() => Owner._open.TryRemove(this, out _);

        public bool Equals(Stream? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
