using System.Runtime.InteropServices;

namespace Skep.Overlay.Nftables;

/// <summary>libnftables, in process.</summary>
/// <remarks>Source: libnftables(3).</remarks>
internal static partial class LibNftables
{
    private const string Library = "libnftables.so.1";
    private static readonly nint Handle = NativeLibrary.TryLoad(Library, out nint handle) ? handle : 0;

    public static bool IsPresent => Handle != 0;

    /// <summary><c>nft_ctx_new</c> as a pointer: a context stays bound to the namespace it is made in, so it is called inside.</summary>
    public static nint NewContext => NativeLibrary.GetExport(Handle, "nft_ctx_new");

    [LibraryImport(Library)]
    public static partial void nft_ctx_free(nint context);

    [LibraryImport(Library)]
    public static partial int nft_ctx_buffer_output(nint context);

    [LibraryImport(Library)]
    public static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport(Library)]
    public static partial nint nft_ctx_get_output_buffer(nint context);

    [LibraryImport(Library)]
    public static partial nint nft_ctx_get_error_buffer(nint context);

    [LibraryImport(Library)]
    public static partial void nft_ctx_output_set_flags(nint context, uint flags);

    [LibraryImport(Library)]
    public static unsafe partial int nft_run_cmd_from_buffer(nint context, byte* commands);
}
