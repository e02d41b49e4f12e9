using System.Security.Authentication;

namespace Skep.Rpc.Security;

/// <summary>A handshake was given up because somebody else answers than was meant; the message says who, for people.</summary>
public sealed class UnmeantPeerException(string message) : AuthenticationException(message);
