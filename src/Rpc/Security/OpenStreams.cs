using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Streams that are being served, cut when their caller may no longer hold them: a stream lives longer than the right to open it.</summary>
public sealed class OpenStreams(CallAuthority authority, ILogger<OpenStreams> logger)
{
    private readonly ConcurrentDictionary<OpenStream, bool> _open = [];

    /// <summary>Watches the stream of a caller who was just admitted, until disposed.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.PermissionDenied"/>: the right to it has ended since.</exception>
    public IDisposable Watch(string method, PeerIdentity? caller, HttpContext http)
    {
        var stream = new OpenStream(this, method, caller, http);
        _open[stream] = true;
        // Judged once more, now that news finds it: what came since the caller was judged would be missed.
        if (authority.Refusal(method, caller) is { } refusal)
        {
            stream.Dispose();
            throw refusal;
        }

        return stream;
    }

    /// <summary>Judges all streams anew whenever members change. Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            Task changed = authority.Changed;
            foreach (OpenStream stream in _open.Keys)
            {
                CutIfRefused(stream);
            }

            await changed.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A stream that cannot be cut must not keep the others open.")]
    private void CutIfRefused(OpenStream stream)
    {
        try
        {
            if (authority.Refusal(stream.Method, stream.Caller) is { } refusal && stream.Cut())
            {
                logger.StreamCut(stream.Method, refusal.Message);
            }
        }
        catch (Exception e)
        {
            logger.StreamNotCut(e, stream.Method);
        }
    }

    /// <remarks>The server reuses the call's context once the handler has returned: it is touched only while the stream is watched.</remarks>
    private sealed class OpenStream(OpenStreams owner, string method, PeerIdentity? caller, HttpContext http) : IDisposable
    {
        private readonly Lock _ending = new();
        private bool _ended;

        public string Method => method;

        public PeerIdentity? Caller => caller;

        /// <returns>False: it had ended, or was cut before.</returns>
        public bool Cut()
        {
            lock (_ending)
            {
                if (_ended)
                {
                    return false;
                }

                _ended = true;
                http.Abort();
                return true;
            }
        }

        public void Dispose()
        {
            owner._open.TryRemove(this, out _);
            lock (_ending)
            {
                _ended = true;
            }
        }
    }
}
