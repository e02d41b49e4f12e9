using System.Buffers;

namespace Grpc.Core.Wire;

/// <summary>Between <see cref="Metadata"/> and header fields.</summary>
internal static class MetadataCodec
{
    private static readonly SearchValues<char> Legal = SearchValues.Create([.. Enumerable.Range(0x20, 0x7E - 0x20 + 1).Select(i => (char)i)]);

    /// <summary>Names that belong to the protocol or to HTTP and never enter Metadata, in either direction.</summary>
    public static bool IsReserved(string name) =>
        name.StartsWith(':')
        || name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
        || (name.Length switch
        {
            2 => Is(name, "te"),
            4 => Is(name, "host") || Is(name, "date"),
            6 => Is(name, "server"),
            7 => Is(name, "trailer"),
            10 => Is(name, "connection") || Is(name, "user-agent"),
            12 => Is(name, "content-type"),
            14 => Is(name, "content-length"),
            17 => Is(name, "transfer-encoding"),
            _ => false,
        });

    /// <summary>Can the text travel as a header value? Others must use a <c>-bin</c> key.</summary>
    public static bool IsLegal(Metadata.Entry entry) => entry.IsBinary || !entry.Value.AsSpan().ContainsAnyExcept(Legal);

    /// <summary>The value as it goes on the wire.</summary>
    public static string ToWire(Metadata.Entry entry) =>
        entry.IsBinary ? Convert.ToBase64String(entry.RawBytes).TrimEnd('=') : entry.Value;

    /// <summary>Adds one received field, unless its name is reserved. Undecodable base64 is left out: the peer's mistake must not end the call.</summary>
    public static void Add(Metadata metadata, string name, string? value)
    {
        if (value is null || IsReserved(name))
            return;
        string key = name.ToLowerInvariant();
        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(Metadata.Entry.FromWire(key, value));
            return;
        }

        foreach (Range part in value.AsSpan().Split(','))
        {
            if (Decode(value.AsSpan(part).Trim()) is { } bytes)
                metadata.Add(Metadata.Entry.FromWire(key, bytes));
        }
    }

    private static byte[]? Decode(ReadOnlySpan<char> base64)
    {
        base64 = base64.TrimEnd('=');
        int paddedLength = (base64.Length + 3) / 4 * 4;
        char[] padded = ArrayPool<char>.Shared.Rent(Math.Max(paddedLength, 1));
        try
        {
            base64.CopyTo(padded);
            padded.AsSpan(base64.Length, paddedLength - base64.Length).Fill('=');
            byte[] bytes = new byte[paddedLength / 4 * 3];
            return Convert.TryFromBase64Chars(padded.AsSpan(0, paddedLength), bytes, out int written) ? bytes[..written] : null;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(padded);
        }
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
