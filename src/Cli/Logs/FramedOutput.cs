using System.Buffers.Binary;
using Skep.Cli.Engine;

namespace Skep.Cli.Logs;

/// <summary>Takes apart the stream in which the daemon sends both outputs of a container.</summary>
internal static class FramedOutput
{
    private const int HeaderLength = 8;
    private const byte Stderr = 2;
    private const byte SystemError = 3;

    /// <param name="take">Given each payload and whether it is of standard error.</param>
    /// <exception cref="CliException">The daemon sent an error instead of output.</exception>
    public static async Task ReadAsync(EngineReply reply, Func<ReadOnlyMemory<byte>, bool, Task> take, CancellationToken cancellation)
    {
        await using Stream stream = reply.Body;
        byte[] buffer = new byte[32 * 1024];
        if (reply.MediaType == "application/vnd.docker.raw-stream")
        {
            while (await stream.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                await take(buffer.AsMemory(0, count), false);
            }

            return;
        }

        byte[] header = new byte[HeaderLength];
        while (await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellation) == HeaderLength)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
            if (length > buffer.Length)
            {
                buffer = new byte[length];
            }

            await stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellation);
            if (header[0] == SystemError)
            {
                throw new CliException($"error from daemon in stream: {System.Text.Encoding.UTF8.GetString(buffer, 0, length).Trim()}");
            }

            await take(buffer.AsMemory(0, length), header[0] == Stderr);
        }
    }
}
