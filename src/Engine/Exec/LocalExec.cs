namespace Skep.Engine.Exec;

/// <summary>A command to be run in a running container.</summary>
public sealed record ExecRequest(ValueList<string> Command)
{
    /// <summary>user[:group]; empty: as process 1.</summary>
    public string User { get; init; } = "";

    /// <summary>Empty: where process 1 began.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Over the container's own.</summary>
    public ValueList<string> Env { get; init; } = [];

    public bool Tty { get; init; }

    public bool Privileged { get; init; }

    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }

    public string DetachKeys { get; init; } = "";
}

/// <summary>An exec as it is now.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="ContainerId">Where it runs.</param>
/// <param name="ExitCode">Null until it has ended.</param>
public sealed record LocalExec(string Id, string ContainerId, ExecRequest Request, bool IsRunning, int Pid, int? ExitCode)
{
    /// <summary>As inspect shows it.</summary>
    public string User { get; init; } = "";
}

/// <summary>The ends of an attached process's streams, as the caller has them.</summary>
/// <param name="Input">Reads what is typed; 0 at the end. Null: nothing is.</param>
/// <param name="Output">Takes 1 (stdout) or 2 (stderr) and bytes; false when nobody reads any more.</param>
public sealed record AttachedStreams(Func<Memory<byte>, CancellationToken, Task<int>>? Input, Func<byte, ReadOnlyMemory<byte>, CancellationToken, Task<bool>> Output);
