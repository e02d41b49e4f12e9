using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Exec;

/// <summary>A named pipe between a container's shim and this agent; our end of it. The other end is opened by the shim.</summary>
internal sealed class Fifo : IDisposable
{
    private const int ChunkBytes = 32 * 1024;
    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle _bell = LibC.NewBell();

    private Fifo(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
    }

    public string Path { get; }

    /// <param name="forWriting">Whether we are the writer.</param>
    public static Fifo Make(string path, bool forWriting)
    {
        LibC.MakeFifo(path);
        return new Fifo(path, LibC.OpenFifo(path, forWriting));
    }

    /// <summary>Reads until the last writer has gone, or until <see cref="Stop"/>. The sink's memory is good only while it is awaited.</summary>
    public async Task ReadAsync(Func<ReadOnlyMemory<byte>, Task> sink)
    {
        byte[] buffer = new byte[ChunkBytes];
        while (true)
        {
            int count = LibC.TryRead(_file, buffer);
            if (count <= 0)
            {
                // Before the shim opens its end a read says "end" too; poll waits for a first writer.
                if (!await ReadyAsync(forWriting: false))
                {
                    return;
                }

                count = LibC.TryRead(_file, buffer);
                if (count == 0)
                {
                    return;
                }
            }

            if (count > 0)
            {
                await sink(buffer.AsMemory(0, count));
            }
        }
    }

    /// <returns>False: stopped before everything was written.</returns>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            int count = LibC.TryWrite(_file, data.Span);
            if (count > 0)
            {
                data = data[count..];
            }
            else if (!await ReadyAsync(forWriting: true))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends waiting for good.</summary>
    public void Stop() => LibC.Ring(_bell);

    /// <summary>The writer is done: the reader sees the end.</summary>
    public void CloseEnd() => _file.Dispose();

    public void Dispose()
    {
        _file.Dispose();
        _bell.Dispose();
        File.Delete(Path);
    }

    // A thread of its own: pipes wait for minutes, and there are as many as there are open sessions.
    private Task<bool> ReadyAsync(bool forWriting)
        => Task.Factory.StartNew(() => LibC.AwaitReady(_file, forWriting, _bell), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
