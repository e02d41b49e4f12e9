using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Skep.Api.Http;

/// <summary>A connection taken from HTTP. Disposing sends what was written and closes it.</summary>
internal sealed class HijackedConnection(IDuplexPipe transport) : IAttachedClient
{
    private const int HeaderBytes = 8;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>What the client sends; ends when it closes its side.</summary>
    /// <returns>0 at the end.</returns>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        ReadResult result;
        try
        {
            result = await transport.Input.ReadAsync(ct);
        }
        catch (IOException)
        {
            return 0; // The client was killed: the same as a closed side.
        }

        ReadOnlySequence<byte> bytes = result.Buffer;
        int taken = (int)Math.Min(bytes.Length, buffer.Length);
        bytes.Slice(0, taken).CopyTo(buffer.Span);
        transport.Input.AdvanceTo(bytes.GetPosition(taken));
        return taken;
    }

    /// <summary>Bytes as they are: a terminal's.</summary>
    /// <returns>False when nobody reads them any more.</returns>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            return !(await transport.Output.WriteAsync(data, ct)).IsCompleted;
        }
        catch (IOException)
        {
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Bytes in a frame that tells the stream: 1 stdout, 2 stderr.</summary>
    /// <returns>False when nobody reads them any more.</returns>
    public async Task<bool> WriteFrameAsync(byte stream, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        byte[] frame = new byte[HeaderBytes + data.Length];
        frame[0] = stream;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)data.Length);
        data.CopyTo(frame.AsMemory(HeaderBytes));
        return await WriteAsync(frame, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await transport.Output.CompleteAsync();
        _turn.Dispose();
    }
}
