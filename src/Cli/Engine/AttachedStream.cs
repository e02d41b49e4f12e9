using System.Buffers.Binary;
using System.Net.Sockets;
using Skep.Cli.Output;

namespace Skep.Cli.Engine;

/// <summary>A connection that the daemon took from HTTP: the ends of a process's streams.</summary>
internal sealed class AttachedStream(HttpClient http, HttpResponseMessage reply, Stream stream, Socket socket) : IAsyncDisposable
{
    private const int HeaderLength = 8;
    private const byte Stderr = 2;

    /// <summary>Copies until the process's output ends.</summary>
    /// <param name="sendInput">Send ours too, and then its end.</param>
    /// <param name="isRaw">A terminal's output, without frames.</param>
    public async Task CopyAsync(Terminal terminal, bool sendInput, bool isRaw, CancellationToken cancellation)
    {
        await terminal.Out.FlushAsync(cancellation);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Reading the console cannot be broken off; the program ends without it.
        Task sending = sendInput ? Task.Run(() => SendAsync(terminal, ended.Token), CancellationToken.None) : Task.CompletedTask;
        await using Stream output = terminal.OpenOutput();
        await using Stream error = terminal.OpenError();
        byte[] buffer = new byte[32 * 1024];
        if (isRaw)
        {
            while (await stream.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await output.FlushAsync(cancellation);
            }
        }
        else
        {
            byte[] header = new byte[HeaderLength];
            while (await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellation) == HeaderLength)
            {
                int length = checked((int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
                if (length > buffer.Length)
                {
                    buffer = new byte[length];
                }

                await stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellation);
                Stream target = header[0] == Stderr ? error : output;
                await target.WriteAsync(buffer.AsMemory(0, length), cancellation);
                await target.FlushAsync(cancellation);
            }
        }

        await ended.CancelAsync();
        if (sending.IsFaulted)
        {
            await sending;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        reply.Dispose();
        http.Dispose();
    }

    private async Task SendAsync(Terminal terminal, CancellationToken cancellation)
    {
        byte[] buffer = new byte[32 * 1024];
        await using Stream input = terminal.OpenInput();
        try
        {
            while (await input.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await stream.FlushAsync(cancellation);
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return; // The process ended before its input did.
        }
    }
}
