using System.Text.RegularExpressions;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Compatibility;

/// <summary>One command people type, and the script that types it against a cluster.</summary>
internal sealed partial record SeedCommand(string Section, string Mark, string Text)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public string Script { get; private init; } = "";

    /// <summary>Why a failure is not a gap; empty: it is one.</summary>
    public string OutOfScope { get; private init; } = "";

    /// <summary>The command is wrong and has to be refused.</summary>
    public bool MustFail { get; private init; }

    public static List<SeedCommand> Read(string file)
    {
        List<SeedCommand> commands = [];
        string section = "";
        foreach (string line in File.ReadLines(file).Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                section = line[3..];
            }
            else if (line[0] != ' ')
            {
                commands.Add(new SeedCommand(section, line[..1], line[2..]));
            }
            else
            {
                commands[^1] = commands[^1].With(line.Trim());
            }
        }

        return commands;
    }

    /// <summary>What every script may use.</summary>
    private const string Words = """
        at() { local k=$1; shift; nsenter --net=/run/netns/skep-hcompat-$k "$@"; }
        pty() { timeout 15 script -qec "$(printf '%q ' "$@")" /dev/null; }
        only() { docker ps -q --filter label=com.docker.swarm.service.name=$1 | head -1; }
        refuses() { local text=$1; shift; if "$@" >$work/said 2>&1; then echo "not refused: $*" >&2; return 1; fi; grep -e "$text" $work/said; }
        made() { tar -chf - -C $(dirname $(command -v busybox)) busybox | docker -H $n4 import --change 'CMD ["/busybox","sleep","600"]' --change "ENV N=$1" - $1; }
        until_ok() { local end=$((SECONDS + 20)); until "$@"; do [ $SECONDS -lt $end ] || { echo "waited 20 s for: $*" >&2; return 1; }; sleep 0.2; done; }

        """;

    /// <summary>Types it and says what happened, in the words of the table.</summary>
    public async Task<string> VerdictAsync(IReadOnlyDictionary<string, string> environment)
    {
        CommandResult result;
        try
        {
            result = await Command.RunAsync("bash", ["-euo", "pipefail", "-c", Words + Script], input: "", environment, Limit);
        }
        catch (TimeoutException)
        {
            return "fails: it does not come to an end";
        }

        if (MustFail)
        {
            return result.Code == 0 ? "fails: it is not refused" : $"works: refused, `{Reason(result)}`";
        }

        if (result.Code == 0)
        {
            return "works";
        }

        return OutOfScope.Length > 0 ? $"out of scope: {OutOfScope}"
            : Reason(result) is { Length: > 0 } reason ? $"refused: `{reason}`"
            : "fails: what it printed is not what was expected";
    }

    private SeedCommand With(string line) => line switch
    {
        "expect failure" => this with { MustFail = true },
        _ when line.StartsWith("scope ", StringComparison.Ordinal) => this with { OutOfScope = line["scope ".Length..] },
        _ => this with { Script = Script + line + "\n" },
    };

    /// <summary>The last thing that was said, without what differs from run to run.</summary>
    private static string Reason(CommandResult result)
    {
        string said = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(l => !l.StartsWith("Run 'docker", StringComparison.Ordinal) && !l.StartsWith("See 'docker", StringComparison.Ordinal)) ?? "";
        return Address().Replace(Id().Replace(said, "<id>"), "<address>").Replace("Error response from daemon: ", "", StringComparison.Ordinal).Replace('|', '/');
    }

    [GeneratedRegex(@"\b([0-9a-f]{12,64}|[0-9a-z]{25})\b")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b192\.168\.84\.\d+")]
    private static partial Regex Address();
}
