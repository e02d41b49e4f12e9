using Grpc.Core;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Who makes the call that is being served.</summary>
public static class CallerIdentity
{
    private static readonly object Key = new();

    /// <summary>The node that calls; null only where anyone may.</summary>
    public static PeerIdentity? CallerOrNull(this ServerCallContext context)
        => context.UserState.TryGetValue(Key, out object? caller) ? (PeerIdentity?)caller : null;

    /// <summary>The node that calls.</summary>
    /// <exception cref="ClusterException">Unauthenticated: it showed no certificate.</exception>
    public static PeerIdentity Caller(this ServerCallContext context)
        => context.CallerOrNull() ?? throw new ClusterException(ErrorKind.Unauthenticated, "a node certificate is required");

    internal static void Remember(this ServerCallContext context, PeerIdentity? caller) => context.UserState[Key] = caller!;
}
