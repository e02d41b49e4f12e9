using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Containers;

/// <summary>A container's input: a named pipe between those who are attached and the shim. It exists before the process does, so that nothing typed early is lost.</summary>
internal sealed class StdinPipe : IDisposable
{
    private readonly SafeFileHandle _pipe;

    private StdinPipe(string path, SafeFileHandle pipe) => (Path, _pipe) = (path, pipe);

    public string Path { get; }

    public static StdinPipe Open(string path)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        LibC.MakePipe(path);
        return new StdinPipe(path, LibC.OpenPipe(path));
    }

    /// <summary>Waits while the program does not read. Not cancellable in the middle: the system call ends with the pipe's other side or when it is closed.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            // A pipe that both sides hold never fails; a full one blocks a thread of the pool, one per client at most.
            int written = await Task.Run(() => LibC.Write(_pipe, data.Span));
            data = data[written..];
        }
    }

    public void Dispose() => _pipe.Dispose();
}
