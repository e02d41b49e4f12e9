using System.Text;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Files;

/// <summary>A container's file system, looked at from outside: no link of it leads out, whatever the container does meanwhile.</summary>
internal sealed class ContainerRoot(SafeFileHandle root, Action? unmount = null) : IDisposable
{
    private const int MostText = 4 << 20;

    public SafeFileHandle Handle => root;

    /// <summary>As a running process sees it, with its volumes.</summary>
    public static ContainerRoot OfProcess(int pid) => new(LibC.OpenRoot($"/proc/{pid}/root"));

    public static ContainerRoot OfDirectory(string path, Action? unmount = null) => new(LibC.OpenRoot(path), unmount);

    /// <summary>Opens a path inside; null when it does not exist.</summary>
    public SafeFileHandle? Open(string path, int flags, ulong resolve = 0) => LibC.OpenBelow(root, path, flags, resolve);

    /// <summary>A text file of at most 4 MiB; empty when there is none.</summary>
    public string ReadText(string path)
    {
        // As a place first: opening a device or a pipe for reading would do something or wait.
        using SafeFileHandle? place = Open(path, LibC.OpenPath);
        if (place is null || !LibC.FactsOf(place).IsRegular)
        {
            return "";
        }

        using SafeFileHandle file = File.OpenHandle($"/proc/self/fd/{place.DangerousGetHandle()}");
        byte[] text = new byte[Math.Min(MostText, RandomAccess.GetLength(file))];
        int count = RandomAccess.Read(file, text, 0);
        return Encoding.UTF8.GetString(text, 0, count);
    }

    public void Dispose()
    {
        root.Dispose();
        unmount?.Invoke();
    }
}
