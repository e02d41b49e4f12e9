using System.Diagnostics;
using System.Text.Json;
using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Driver;

/// <summary>A member's process, seen from the one that started it.</summary>
internal sealed class Member : IAsyncDisposable
{
    private const int ErrorLinesKept = 20;
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(30), EndLimit = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly Queue<string> _errors = new();

    private Member(MemberOptions options)
    {
        Options = options;
        string self = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [typeof(Member).Assembly.Location] : [];
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(self, [.. program, .. options.Arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
    }

    public MemberOptions Options { get; }

    private string Name => $"member {Options.Id} ({Options.Engine.Title()})";

    public static async Task<Member> StartAsync(MemberOptions options, CancellationToken ct)
    {
        var member = new Member(options);
        member._process.Start();
        member._process.BeginErrorReadLine();
        try
        {
            string line = await member.LineAsync("its start", UsualLimit, ct);
            return line == MemberProcess.Up ? member : throw new InvalidOperationException($"{member.Name} began with: {line}");
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
    }

    public Task<MemberStatus> StatusAsync(CancellationToken ct) => AskAsync<MemberStatus>("status", UsualLimit, ct);

    /// <summary>Sends a command and reads its answer.</summary>
    /// <exception cref="MemberException">The member refused or failed.</exception>
    public async Task<T> AskAsync<T>(string command, TimeSpan limit, CancellationToken ct)
    {
        await _process.StandardInput.WriteLineAsync(command.AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
        string line = await LineAsync($"an answer to '{command}'", limit, ct);
        return line.StartsWith(MemberProcess.Answer, StringComparison.Ordinal)
            ? JsonSerializer.Deserialize<T>(line.AsSpan(MemberProcess.Answer.Length))!
            : throw new MemberException($"{Name}: {line[MemberProcess.Error.Length..]}");
    }

    public Task<T> AskAsync<T>(string command, CancellationToken ct) => AskAsync<T>(command, UsualLimit, ct);

    /// <summary>Holds the process where it is (SIGSTOP).</summary>
    public void Stop() => Signals.Send(_process.Id, Signals.Stop);

    public void Continue() => Signals.Send(_process.Id, Signals.Continue);

    /// <summary>kill -9; returns when the process is gone.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        await Wait.AtMostAsync(EndedAsync(), $"the end of {Name}", EndLimit, ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync(CancellationToken.None); // A stopped process ends too.
        }

        _process.Dispose();
    }

    private async Task<bool> EndedAsync()
    {
        await _process.WaitForExitAsync();
        return true;
    }

    private async Task<string> LineAsync(string what, TimeSpan limit, CancellationToken ct)
    {
        string? line = await Wait.AtMostAsync(_process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask(), $"{what} from {Name}", limit, ct);
        if (line is not null)
        {
            return line;
        }

        await Wait.AtMostAsync(EndedAsync(), $"the end of {Name}", EndLimit, ct);
        lock (_errors)
        {
            throw new InvalidOperationException($"{Name} ended with {_process.ExitCode} before {what}:\n{string.Join('\n', _errors)}");
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_errors)
        {
            _errors.Enqueue(line);
            if (_errors.Count > ErrorLinesKept)
            {
                _errors.Dequeue();
            }
        }
    }
}

/// <summary>A member answered that it could not.</summary>
internal sealed class MemberException(string message) : Exception(message);
