using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Skep.Api.Http;

/// <summary>Lets a handler take the connection from HTTP, as Docker's attach and exec do: bytes both ways, each direction closed by itself.</summary>
/// <remarks>
/// Kestrel's own upgrade refuses requests with a body, and it ends a connection whose client has closed its sending side; <c>echo x | docker run -i …</c> does
/// both. So the transport is handed to the handler behind Kestrel's back: what Kestrel writes from then on is dropped, and the end of the client's bytes is not told to it.
/// </remarks>
public static class Hijacking
{
    /// <summary>To be called on every listener of the Engine API, after TLS.</summary>
    public static ListenOptions UseHijacking(this ListenOptions listen)
    {
        listen.Use(next => async connection =>
        {
            using var closed = new CancellationTokenSource();
            var hijack = new Hijack(connection.Transport, closed);
            await using CancellationTokenRegistration watch = connection.ConnectionClosed.UnsafeRegister(static state => ((Hijack)state!).OnClosed(), hijack);
            connection.ConnectionClosed = closed.Token;
            connection.Transport = hijack;
            connection.Features.Set(hijack);
            await next(connection);
        });
        return listen;
    }

    /// <summary>The transport with a gate in front of Kestrel's writing.</summary>
    internal sealed class Hijack(IDuplexPipe transport, CancellationTokenSource closed) : IDuplexPipe
    {
        private readonly GatedWriter _output = new(transport.Output);
        private readonly Lock _turn = new();
        private bool _isTaken;

        public PipeReader Input => transport.Input;

        public PipeWriter Output => _output;

        public IDuplexPipe Take()
        {
            lock (_turn)
            {
                _isTaken = true;
            }

            _output.Close();
            return transport;
        }

        public void OnClosed()
        {
            lock (_turn)
            {
                if (_isTaken)
                {
                    return;
                }
            }

            try
            {
                closed.Cancel();
            }
            catch (ObjectDisposedException)
            {
                return; // Kestrel is done with the connection already.
            }
        }
    }

    private sealed class GatedWriter(PipeWriter inner) : PipeWriter
    {
        private byte[] _dropped = [];
        private volatile bool _isClosed;

        public void Close() => _isClosed = true;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => _isClosed ? 0 : inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (!_isClosed)
            {
                inner.Advance(bytes);
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _isClosed ? Scratch(sizeHint) : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _isClosed ? Scratch(sizeHint) : inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            if (!_isClosed)
            {
                inner.Complete(exception);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
            => _isClosed ? new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false)) : inner.FlushAsync(cancellationToken);

        private byte[] Scratch(int size)
        {
            if (_dropped.Length < Math.Max(size, 4096))
            {
                _dropped = new byte[Math.Max(size, 4096)];
            }

            return _dropped;
        }
    }
}
