using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Skep.Manager.Control;

namespace Skep.Api.Http;

/// <summary>Writes lines of output as an answer: framed by stream, or raw where a terminal mixed them.</summary>
/// <remarks>A frame: the stream's number, three zeros, the payload's length as big-endian uint32, the payload.</remarks>
internal sealed class LogWriter(ApiCall call, bool isRaw, bool timestamps, bool details)
{
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte SystemError = 3;
    private const int HeaderBytes = 8;

    private readonly ArrayBufferWriter<byte> _frame = new(512);

    public async Task StartAsync(CancellationToken ct)
    {
        call.Http.Response.ContentType = isRaw ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream";
        await call.Http.Response.StartAsync(ct);

        // Followers wait for the header before the first line.
        await call.Http.Response.Body.FlushAsync(ct);
    }

    /// <param name="attributes">As <c>key=value,key=value</c>; shown with details.</param>
    /// <param name="flush">True when no further line is at hand.</param>
    public async Task WriteAsync(TaskLogLine line, string attributes, bool flush, CancellationToken ct)
    {
        Begin();
        if (timestamps)
        {
            Append(WireTime.WriteNanoseconds(line.Time));
            Append(" ");
        }

        if (details)
        {
            Append(attributes);
            Append(" ");
        }

        _frame.Write(line.Data.Span);
        await EndAsync(line.IsStderr ? Stderr : Stdout, ct);
        if (flush)
        {
            await call.Http.Response.Body.FlushAsync(ct);
        }
    }

    /// <summary>Tells the client that the answer is not whole; it stops with this text as its error.</summary>
    public async Task WriteErrorAsync(string message, CancellationToken ct)
    {
        Begin();
        Append(message);
        Append("\n");
        await EndAsync(SystemError, ct);
    }

    private void Begin()
    {
        _frame.ResetWrittenCount();
        if (!isRaw)
        {
            _frame.Write(stackalloc byte[HeaderBytes]);
        }
    }

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _frame);

    private async Task EndAsync(byte stream, CancellationToken ct)
    {
        byte[] bytes = _frame.WrittenSpan.ToArray();
        if (!isRaw)
        {
            bytes[0] = stream;
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), (uint)(bytes.Length - HeaderBytes));
        }

        await call.Http.Response.Body.WriteAsync(bytes, ct);
    }
}
