using System.Runtime.InteropServices;

namespace Skep.Engine.Native;

internal static partial class LibC
{
    private const nint X32Bit = 0x40000000;
    private const nint GetPid = 39;

    /// <summary>Asks an x86-64 kernel for the process id by way of the x32 ABI.</summary>
    /// <remarks>Source: asm/unistd_x32.h; a kernel without that ABI answers ENOSYS.</remarks>
    public static bool TakesX32() => syscall(X32Bit | GetPid) == Environment.ProcessId;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number);
}
