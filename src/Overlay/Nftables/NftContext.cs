using System.Runtime.InteropServices;
using System.Text;

namespace Skep.Overlay.Nftables;

/// <summary>A libnftables context; it acts in the namespace it was made in, whatever thread uses it.</summary>
internal sealed class NftContext : SafeHandle
{
    private const uint Json = 1 << 4, NumericSymbols = 1 << 9;

    /// <summary>The library keeps tables of names in static memory.</summary>
    public static Lock Gate { get; } = new();

    public NftContext(nint context) : base(0, ownsHandle: true)
    {
        SetHandle(context);
        lock (Gate)
        {
            _ = LibNftables.nft_ctx_buffer_output(handle);
            _ = LibNftables.nft_ctx_buffer_error(handle);
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Runs commands as one transaction: all of them take effect or none.</summary>
    /// <exception cref="NftException">With the library's own explanation.</exception>
    public void Run(string commands)
    {
        if (TryRun(commands, json: false, out _, out string error) != 0)
        {
            throw new NftException(commands, error);
        }
    }

    /// <summary>Runs a list command and returns JSON; null when there is no such table.</summary>
    public string? List(string command) => TryRun(command, json: true, out string output, out _) == 0 ? output : null;

    private unsafe int TryRun(string commands, bool json, out string output, out string error)
    {
        byte[] text = Encoding.UTF8.GetBytes(commands + "\n\0");
        lock (Gate)
        {
            LibNftables.nft_ctx_output_set_flags(handle, json ? Json | NumericSymbols : NumericSymbols);
            int result;
            fixed (byte* bytes = text)
            {
                result = LibNftables.nft_run_cmd_from_buffer(handle, bytes);
            }

            output = Marshal.PtrToStringUTF8(LibNftables.nft_ctx_get_output_buffer(handle)) ?? "";
            error = Marshal.PtrToStringUTF8(LibNftables.nft_ctx_get_error_buffer(handle)) ?? "";
            return result;
        }
    }

    protected override bool ReleaseHandle()
    {
        lock (Gate)
        {
            LibNftables.nft_ctx_free(handle);
        }

        return true;
    }
}

/// <summary>nftables refused a transaction.</summary>
internal sealed class NftException(string commands, string error) : Exception($"nftables: {error.Trim()}")
{
    /// <summary>What was asked.</summary>
    public string Commands { get; } = commands;
}
