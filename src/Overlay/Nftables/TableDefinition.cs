using System.Security.Cryptography;
using System.Text;

namespace Skep.Overlay.Nftables;

/// <summary>The fixed part of a table: sets, maps and chains. All that changes at run time are elements, and <c>lbN</c> chains, there while a service has N slots.</summary>
/// <param name="Body">Sets, maps and chains in nft's language.</param>
/// <param name="Balance">Rules of chain <c>lbN</c>, with {0} for N: connections are spread over N slots.</param>
internal sealed record TableDefinition(string Name, string Body, string Balance)
{
    /// <summary>Name of an empty chain that tells which definition the table in the kernel came from.</summary>
    public string Marker { get; } = "v_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Name + Body + Balance)).AsSpan(0, 6));

    public string ToCommand() => $"table ip {Name} {{\n{Body}\nchain {Marker} {{ }}\n}}\n";

    public string AddBalanceChain(int count) =>
        $"add chain ip {Name} lb{count}\n" + string.Concat(Balance.Replace("{0}", $"{count}").Split('\n').Select(rule => $"add rule ip {Name} lb{count} {rule}\n"));

    public string DeleteBalanceChain(int count) => $"flush chain ip {Name} lb{count}\ndelete chain ip {Name} lb{count}\n";
}
