using System.Runtime.InteropServices;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>exec</c>: a command in a running container, of this node or, on a manager, of any.</summary>
internal static class ContainerExec
{
    private static readonly Flag<bool> Detach = Flag.Switch("detach", "Detached mode: run command in the background", 'd');
    private static readonly Flag<string> DetachKeys = Flag.Text("detach-keys", "Override the key sequence for detaching a container");
    private static readonly ListFlag<string> Env = Flag.List("env", "Set environment variables", 'e');
    private static readonly ListFlag<string> EnvFile = Flag.List("env-file", "Read in a file of environment variables");
    private static readonly Flag<bool> Interactive = Flag.Switch("interactive", "Keep STDIN open even if not attached", 'i');
    private static readonly Flag<bool> Privileged = Flag.Switch("privileged", "Give extended privileges to the command");
    private static readonly Flag<bool> Tty = Flag.Switch("tty", "Allocate a pseudo-TTY", 't');
    private static readonly Flag<string> User = Flag.Text("user", "Username or UID (format: \"<name|uid>[:<group|gid>]\")", 'u');
    private static readonly Flag<string> WorkDir = Flag.Text("workdir", "Working directory inside the container", 'w');

    public static readonly Verb Exec = new("[OPTIONS] CONTAINER COMMAND [ARG...]", "Execute a command in a running container", new Arity(2, int.MaxValue),
        [Detach, DetachKeys, Env, EnvFile, Interactive, Privileged, Tty, User, WorkDir], RunAsync)
    {
        FlagsEndAtArgument = true,
    };

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        bool detach = call.Get(Detach);
        bool tty = call.Get(Tty);
        bool interactive = call.Get(Interactive);
        if (tty && interactive && !detach && !call.Terminal.CanAsk)
        {
            throw new CliException("the input device is not a TTY");
        }

        List<int>? size = tty && call.Terminal.Size is { } window ? [window.Rows, window.Columns] : null;
        WireExecCreate wanted = new()
        {
            User = call.Get(User),
            Privileged = call.Get(Privileged),
            Tty = tty,
            AttachStdin = interactive && !detach,
            AttachStdout = !detach,
            AttachStderr = !detach,
            DetachKeys = call.Get(DetachKeys),
            Env = [.. Variables(call)],
            WorkingDir = call.Get(WorkDir),
            Cmd = [.. call.Arguments[1..]],
            ConsoleSize = size,
        };
        WireExecCreated made = await call.Engine.PostAsync(
            $"/containers/{Query.Escape(call.Arguments[0])}/exec", wanted, WireJson.Default.WireExecCreate, WireJson.Default.WireExecCreated, cancellation);
        string path = $"/exec/{made.Id}";
        WireExecStart start = new() { Detach = detach, Tty = tty, ConsoleSize = size };
        if (detach)
        {
            await call.Engine.PostAsync($"{path}/start", start, WireJson.Default.WireExecStart, cancellation);
            return 0;
        }

        byte[] body = JsonSerializer.SerializeToUtf8Bytes(start, WireJson.Default.WireExecStart);
        await using (AttachedStream stream = await call.Engine.AttachAsync($"{path}/start", body, cancellation))
        {
            using RawTerminal? raw = tty && interactive ? RawTerminal.Enter() : null;
            using PosixSignalRegistration? resized = tty ? TerminalResizer.Follow(call, path) : null;
            if (!await stream.CopyAsync(call.Terminal, interactive, isRaw: tty, tty && interactive ? DetachKeysOf(call) : null, cancellation))
            {
                throw new CliException("read escape sequence");
            }
        }

        return (await call.Engine.GetAsync($"{path}/json", WireJson.Default.WireExecDetail, cancellation)).ExitCode ?? 0;
    }

    private static Wire.DetachKeys DetachKeysOf(Invocation call) => AttachSession.Keys(call.Get(DetachKeys));

    /// <summary>Of files first; a bare name takes its value from here, and is left out where there is none.</summary>
    private static IEnumerable<string> Variables(Invocation call)
    {
        IEnumerable<string> lines = call.All(EnvFile)
            .SelectMany(file => File.ReadLines(Path.Combine(call.Terminal.CurrentDirectory, file)))
            .Select(static line => line.TrimStart())
            .Where(static line => line.Length > 0 && line[0] != '#');
        return lines.Concat(call.All(Env))
            .Select(variable => variable.Contains('=', StringComparison.Ordinal) ? variable : call.Terminal.Variable(variable) is { } value ? $"{variable}={value}" : "")
            .Where(static variable => variable.Length > 0);
    }
}
