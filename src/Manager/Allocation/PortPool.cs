namespace Skep.Manager.Allocation;

/// <summary>Ports of the cluster that services publish; those the cluster chooses come from 30000 to 32767, per protocol.</summary>
/// <remarks>Source: moby/swarmkit:manager/allocator/portallocator.go (dynamicPortStart, dynamicPortEnd).</remarks>
internal sealed class PortPool
{
    public const int First = 30000;
    public const int Last = 32767;

    private readonly Dictionary<(PortProtocol Protocol, int Port), int> _claims = [];
    private readonly Dictionary<PortProtocol, int> _cursors = [];

    public void Claim(PortProtocol protocol, int port) => _claims[(protocol, port)] = _claims.GetValueOrDefault((protocol, port)) + 1;

    public void Release(PortProtocol protocol, int port)
    {
        int claims = _claims.GetValueOrDefault((protocol, port)) - 1;
        if (claims > 0)
        {
            _claims[(protocol, port)] = claims;
        }
        else
        {
            _claims.Remove((protocol, port));
        }
    }

    /// <summary>Claims the next free port; null when all are taken.</summary>
    public int? Take(PortProtocol protocol)
    {
        int cursor = _cursors.GetValueOrDefault(protocol, First);
        for (int tried = First; tried <= Last; tried++)
        {
            int port = cursor;
            cursor = port == Last ? First : port + 1;
            if (!_claims.ContainsKey((protocol, port)))
            {
                _cursors[protocol] = cursor;
                Claim(protocol, port);
                return port;
            }
        }

        return null;
    }

    public override string ToString() => string.Join(' ', _claims.OrderBy(c => c.Key).Select(c => $"{c.Key.Protocol}/{c.Key.Port}x{c.Value}"));
}
