namespace Skep.Wire;

/// <summary>What <c>GET /replica</c> says of a manager's own copy of the store: two managers at the same index must show the same checksum.</summary>
/// <param name="Index">Of the last batch applied.</param>
/// <param name="Checksum">Over every object, hexadecimal.</param>
public sealed record WireReplica(ulong Index, string Checksum);
