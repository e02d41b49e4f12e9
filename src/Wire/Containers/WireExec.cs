using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>The body of <c>POST /containers/{id}/exec</c>.</summary>
public sealed record WireExecCreate
{
    public string? User { get; init; }

    public bool Privileged { get; init; }

    public bool Tty { get; init; }

    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }

    public string? DetachKeys { get; init; }

    public List<string>? Env { get; init; }

    public string? WorkingDir { get; init; }

    public List<string>? Cmd { get; init; }

    /// <summary>Height, width.</summary>
    public List<int>? ConsoleSize { get; init; }
}

/// <summary>The answer to creating an exec.</summary>
public sealed record WireExecCreated
{
    public string? Id { get; init; }
}

/// <summary>The body of <c>POST /exec/{id}/start</c>.</summary>
public sealed record WireExecStart
{
    public bool Detach { get; init; }

    public bool Tty { get; init; }

    /// <summary>Height, width.</summary>
    public List<int>? ConsoleSize { get; init; }
}

/// <summary>An exec as <c>GET /exec/{id}/json</c> shows it.</summary>
public sealed record WireExecDetail
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public bool Running { get; init; }

    /// <summary>Null while it runs or before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? ExitCode { get; init; }

    public WireExecProcess? ProcessConfig { get; init; }

    public bool OpenStdin { get; init; }

    public bool OpenStderr { get; init; }

    public bool OpenStdout { get; init; }

    public bool CanRemove { get; init; }

    [JsonPropertyName("ContainerID")]
    public string? ContainerId { get; init; }

    public string? DetachKeys { get; init; }

    public int Pid { get; init; }
}

public sealed record WireExecProcess
{
    [JsonPropertyName("tty")]
    public bool Tty { get; init; }

    [JsonPropertyName("entrypoint")]
    public string? Entrypoint { get; init; }

    [JsonPropertyName("arguments")]
    public List<string>? Arguments { get; init; }

    [JsonPropertyName("privileged")]
    public bool Privileged { get; init; }

    [JsonPropertyName("user")]
    public string? User { get; init; }
}
