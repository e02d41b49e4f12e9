using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Skep.Overlay.Namespaces;

/// <summary>One C function to call inside another namespace.</summary>
internal struct RawCall
{
    public nint Function;
    public nint A0, A1, A2, A3, A4;

    /// <summary>Index of an earlier call whose result replaces <see cref="A0"/>; -1: none.</summary>
    public int ResultOf;

    /// <summary>A failure of this call is noted and the next one made.</summary>
    public bool MayFail;

    public nint Result;
    public int Errno;
}

/// <summary>Runs C functions in another network namespace and comes back.</summary>
/// <remarks>A thread that the runtime starts while its starter is in the other namespace (socket engine, tiered JIT) would stay there for ever and
/// keep the namespace alive. So nothing managed happens in the window: no allocation, no first call of a method that takes part in tiering, no
/// library method at all; only this one loop over function pointers, compiled fully optimised before its first use. That is also why the calls
/// do not go through LibraryImport here: its stubs are managed methods.</remarks>
internal static unsafe class SyscallWindow
{
    private const int CloneNewNet = 0x40000000;

    private static readonly nint SetNs = Export("setns");
    private static readonly delegate* unmanaged[SuppressGCTransition]<int*> ErrnoLocation =
        (delegate* unmanaged[SuppressGCTransition]<int*>)Export("__errno_location");

    public static nint Socket { get; } = Export("socket");

    public static nint Bind { get; } = Export("bind");

    public static nint Listen { get; } = Export("listen");

    public static nint SetSockOpt { get; } = Export("setsockopt");

    public static nint IoCtl { get; } = Export("ioctl");

    public static nint Open { get; } = Export("open");

    public static nint Read { get; } = Export("read");

    public static nint Write { get; } = Export("write");

    public static nint Close { get; } = Export("close");

    public static nint Mount { get; } = Export("mount");

    public static nint Unshare { get; } = Export("unshare");

    private static nint Export(string name) => NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name);

    /// <summary>Makes the calls inside <paramref name="target"/>, or in a new namespace if the first call is unshare and target is negative.</summary>
    /// <returns>Index of the call that failed; -1 if none did; -2 if the namespace could not be entered.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run(int home, int target, RawCall* calls, int count, int* errno)
    {
        var setns = (delegate* unmanaged<nint, nint, int>)SetNs;
        delegate* unmanaged[SuppressGCTransition]<int*> errnoLocation = ErrnoLocation;
        int failed = -1;
        if (target >= 0 && setns(target, CloneNewNet) != 0)
        {
            *errno = *errnoLocation();
            return -2;
        }
        for (int i = 0; i < count; i++)
        {
            RawCall* call = calls + i;
            nint first = call->ResultOf >= 0 ? calls[call->ResultOf].Result : call->A0;
            call->Result = ((delegate* unmanaged<nint, nint, nint, nint, nint, nint>)call->Function)(first, call->A1, call->A2, call->A3, call->A4);
            if ((int)call->Result == -1)
            {
                call->Errno = *errnoLocation();
                if (!call->MayFail)
                {
                    *errno = call->Errno;
                    failed = i;
                    break;
                }
            }
        }
        if (setns(home, CloneNewNet) != 0)
        {
            Environment.FailFast("cannot return to the home network namespace");
        }

        return failed;
    }
}
