using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What a container's creator says of the program; also what inspect shows.</summary>
public record WireContainerConfig
{
    public string? Hostname { get; init; }

    public string? Domainname { get; init; }

    public string? User { get; init; }

    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }

    /// <summary><c>80/tcp</c> and nothing.</summary>
    public Dictionary<string, WireEmpty>? ExposedPorts { get; init; }

    public bool Tty { get; init; }

    public bool OpenStdin { get; init; }

    public bool StdinOnce { get; init; }

    public List<string>? Env { get; init; }

    public List<string>? Cmd { get; init; }

    public WireHealthcheck? Healthcheck { get; init; }

    public string? Image { get; init; }

    /// <summary>Paths that get anonymous volumes.</summary>
    public Dictionary<string, WireEmpty>? Volumes { get; init; }

    public string? WorkingDir { get; init; }

    public List<string>? Entrypoint { get; init; }

    public bool? NetworkDisabled { get; init; }

    public string? MacAddress { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public string? StopSignal { get; init; }

    /// <summary>Seconds.</summary>
    public int? StopTimeout { get; init; }

    public List<string>? Shell { get; init; }
}

/// <summary>The body of <c>POST /containers/create</c>.</summary>
public sealed record WireContainerCreate : WireContainerConfig
{
    public WireContainerHostConfig? HostConfig { get; init; }

    public WireNetworkingConfig? NetworkingConfig { get; init; }
}

public sealed record WireNetworkingConfig
{
    public Dictionary<string, WireEndpointSettings?>? EndpointsConfig { get; init; }
}

/// <summary>The answer to creating a container.</summary>
public sealed record WireContainerCreated
{
    public string? Id { get; init; }

    public List<string>? Warnings { get; init; }
}

/// <summary>The answer to waiting for a container.</summary>
public sealed record WireWaitResult
{
    public int StatusCode { get; init; }

    public WireWaitError? Error { get; init; }
}

public sealed record WireWaitError(string? Message);

public sealed record WireContainersPruned
{
    /// <summary>Null as Docker writes it when nothing was removed, not left out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? ContainersDeleted { get; init; }

    public long SpaceReclaimed { get; init; }
}

/// <summary>The body of connecting a container to a network, or disconnecting it.</summary>
public sealed record WireNetworkConnect
{
    public string? Container { get; init; }

    public bool Force { get; init; }

    public WireEndpointSettings? EndpointConfig { get; init; }
}
