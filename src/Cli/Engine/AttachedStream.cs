using System.Buffers.Binary;
using System.Net.Sockets;
using Skep.Cli.Output;
using Skep.Wire;

namespace Skep.Cli.Engine;

/// <summary>A connection that the daemon took from HTTP: the ends of a process's streams.</summary>
internal sealed class AttachedStream(Stream output, EngineConnection connection) : IAsyncDisposable
{
    private const int HeaderLength = 8;
    private const int ChunkBytes = 32 * 1024;
    private const byte Stderr = 2;

    /// <summary>Copies until the process's output ends, or the user leaves.</summary>
    /// <param name="sendInput">Send ours too, and then its end.</param>
    /// <param name="isRaw">A terminal's output, without frames.</param>
    /// <param name="keys">By which the user leaves; null: nobody looks for them.</param>
    /// <returns>False: the user left, and the process goes on.</returns>
    public async Task<bool> CopyAsync(Terminal terminal, bool sendInput, bool isRaw, DetachKeys? keys, CancellationToken cancellation)
    {
        await terminal.Out.FlushAsync(cancellation);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Reading the console cannot be broken off; the program ends without it.
        Task sending = sendInput ? Task.Run(() => SendAsync(terminal, keys, left, ended.Token), CancellationToken.None) : Task.CompletedTask;
        try
        {
            await ReceiveAsync(terminal, isRaw, left.Token);
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return false;
        }

        await ended.CancelAsync();
        if (sending.IsFaulted)
        {
            await sending;
        }

        return !left.IsCancellationRequested;
    }

    public async ValueTask DisposeAsync()
    {
        await output.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task ReceiveAsync(Terminal terminal, bool isRaw, CancellationToken cancellation)
    {
        await using Stream ours = terminal.OpenOutput();
        await using Stream error = terminal.OpenError();
        byte[] buffer = new byte[ChunkBytes];
        if (isRaw)
        {
            while (await output.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                await ours.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await ours.FlushAsync(cancellation);
            }

            return;
        }

        byte[] header = new byte[HeaderLength];
        while (await output.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellation) == HeaderLength)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
            if (length > buffer.Length)
            {
                buffer = new byte[length];
            }

            await output.ReadExactlyAsync(buffer.AsMemory(0, length), cancellation);
            Stream target = header[0] == Stderr ? error : ours;
            await target.WriteAsync(buffer.AsMemory(0, length), cancellation);
            await target.FlushAsync(cancellation);
        }
    }

    private async Task SendAsync(Terminal terminal, DetachKeys? keys, CancellationTokenSource left, CancellationToken cancellation)
    {
        // Room at the end for the beginning of a sequence that turned out to be none.
        byte[] buffer = new byte[ChunkBytes * 2];
        await using Stream input = terminal.OpenInput();
        try
        {
            while (await input.ReadAsync(buffer.AsMemory(0, ChunkBytes), cancellation) is > 0 and var count)
            {
                (int passed, bool isDetached) = keys?.Take(buffer, count) ?? (count, false);
                if (passed > 0)
                {
                    await connection.WriteAsync(buffer.AsMemory(0, passed), cancellation);
                    await connection.FlushAsync(cancellation);
                }

                if (isDetached)
                {
                    await left.CancelAsync();
                    return;
                }
            }

            await connection.EndWritingAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return; // The process ended before its input did.
        }
    }
}
