using System.Security.Cryptography;

namespace Skep.Engine.Images;

/// <summary>Names of bytes by their hash: <c>sha256:&lt;64 hex&gt;</c>.</summary>
internal static class Digest
{
    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdef");

    public static string Of(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string OfText(string text) => Of(System.Text.Encoding.UTF8.GetBytes(text));

    public static bool IsValid(string text)
        => text.StartsWith("sha256:", StringComparison.Ordinal) && text.Length == 71 && IsHexadecimal(text.AsSpan(7));

    public static bool IsHexadecimal(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hexadecimal);

    /// <summary>The twelve digits people see.</summary>
    public static string Short(string digest) => digest.Length >= 19 && digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest[7..19] : digest;

    /// <summary>The name of the file system that the first layers make. Source: opencontainers/image-spec:config.md, Layer ChainID.</summary>
    public static IReadOnlyList<string> ChainIds(IReadOnlyList<string> diffIds)
    {
        var chain = new List<string>(diffIds.Count);
        foreach (string diffId in diffIds)
        {
            chain.Add(chain.Count == 0 ? diffId : OfText($"{chain[^1]} {diffId}"));
        }

        return chain;
    }
}
