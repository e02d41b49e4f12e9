using System.Globalization;
using System.Net;

namespace Skep.Bench.Consensus.Members;

/// <summary>What one member process must know; travels as its command line.</summary>
/// <param name="Id">1-based: its place in <paramref name="Ports"/>. The first one founds the group.</param>
/// <param name="Ports">Of all members, on loopback.</param>
internal sealed record MemberOptions(EngineKind Engine, int Id, string Directory, int[] Ports)
{
    public string[] Arguments => ["member", Engine.Word(), Id.ToString(CultureInfo.InvariantCulture), Directory, string.Join(',', Ports)];

    public static IPEndPoint EndPointAt(int port) => new(IPAddress.Loopback, port);

    public static MemberOptions Parse(string[] args) => args is [_, var engine, var id, var directory, var ports]
        ? new MemberOptions(
            EngineKinds.Parse(engine),
            int.Parse(id, CultureInfo.InvariantCulture),
            directory,
            [.. ports.Split(',').Select(p => int.Parse(p, CultureInfo.InvariantCulture))])
        : throw new ArgumentException("member ENGINE ID DIRECTORY PORTS");
}
