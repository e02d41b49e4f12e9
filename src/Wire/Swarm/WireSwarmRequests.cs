namespace Skep.Wire;

/// <summary>The body of <c>POST /swarm/init</c>.</summary>
public sealed record WireSwarmInit
{
    public string? ListenAddr { get; init; }

    public string? AdvertiseAddr { get; init; }

    public string? DataPathAddr { get; init; }

    public uint DataPathPort { get; init; }

    public bool ForceNewCluster { get; init; }

    public WireSwarmSpec? Spec { get; init; }

    public bool AutoLockManagers { get; init; }

    public string? Availability { get; init; }

    public List<string>? DefaultAddrPool { get; init; }

    public uint SubnetSize { get; init; }
}

/// <summary>The body of <c>POST /swarm/join</c>.</summary>
public sealed record WireSwarmJoin
{
    public string? ListenAddr { get; init; }

    public string? AdvertiseAddr { get; init; }

    public string? DataPathAddr { get; init; }

    public List<string>? RemoteAddrs { get; init; }

    public string? JoinToken { get; init; }

    public string? Availability { get; init; }

    public override string ToString() => "WireSwarmJoin";
}

/// <summary>What a backup is sealed with, in a header of <c>POST /swarm/backup</c> and <c>/swarm/restore</c> (Skep's own): either of the two.</summary>
public sealed record WireBackupSecret
{
    public string? Passphrase { get; init; }

    /// <summary>The bytes of a key file.</summary>
    public byte[]? Key { get; init; }

    public override string ToString() => "WireBackupSecret";
}

/// <summary>The answer of <c>GET /swarm/unlockkey</c> and the body of <c>POST /swarm/unlock</c>.</summary>
public sealed record WireUnlockKey
{
    public string? UnlockKey { get; init; }

    public override string ToString() => "WireUnlockKey";
}
