using Skep.Cli.Engine;
using Skep.Cli.Parsing;

namespace Skep.Cli;

/// <summary><c>completion SHELL</c>: a script that asks this program for the words that may follow.</summary>
internal static class Completion
{
    /// <summary>A key was pressed and somebody waits: what does not come by then is not offered.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static readonly Verb Script = new("(bash|zsh|fish)", "Generate the autocompletion script for a shell", Arity.One, [], static (call, _) =>
    {
        call.Out.Write(call.Arguments[0] switch
        {
            "bash" => """
                _skep() {
                    # Not "compgen -W", which expands its words: names come from other machines.
                    mapfile -t COMPREPLY < <(skep __complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
                }
                complete -o default -F _skep skep

                """,
            "zsh" => """
                #compdef skep
                _skep() { local -a found; found=("${(@f)$(skep __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"); compadd -a found || _files; }
                compdef _skep skep

                """,
            "fish" => """
                complete -c skep -a '(skep __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'

                """,
            var other => throw new CliException($"unknown shell {other}: bash, zsh and fish are supported"),
        });
        return Task.FromResult(0);
    })
    {
        AsksDaemon = false,
    };

    /// <summary>What the last of the words given, which is being typed and may be empty, can become: verbs, a verb's flags, names of the cluster.</summary>
    public static readonly Verb Suggest = new("[WORD...]", "Words that may follow", Arity.Any, [], static async (call, cancellation) =>
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        string typed = call.Arguments.Length > 0 ? call.Arguments[^1] : "";
        IEnumerable<string> found = await FindAsync(call, limit.Token);
        foreach (string word in found.Where(word => word.StartsWith(typed, StringComparison.Ordinal) && IsPlain(word)).Order(StringComparer.Ordinal))
        {
            call.Out.WriteLine(word);
        }

        return 0;
    })
    {
        TakesAllWords = true,
        AsksDaemon = false,
    };

    /// <summary>A shell puts the word into the line as it is: what would mean something to it is not offered. (Names of nodes are what their machines say.)</summary>
    private static bool IsPlain(string word) => word.All(static c => char.IsAsciiLetterOrDigit(c) || "-_.:/@=+,%".Contains(c, StringComparison.Ordinal));

    private static async Task<IEnumerable<string>> FindAsync(Invocation call, CancellationToken cancellation)
    {
        string[] all = call.Arguments;
        string typed = all.Length > 0 ? all[^1] : "";
        (GlobalOptions options, string[] words) = WithoutOptions(all.Length > 0 ? all[..^1] : []);
        (Verb? verb, int used) = words.Length > 1 && VerbTable.Find($"{words[0]} {words[1]}") is { } two ? (two, 2)
            : words.Length > 0 && VerbTable.Find(words[0]) is { } one ? (one, 1) : ((Verb?)null, 0);
        if (verb is null)
        {
            return words.Length > 0 && VerbTable.IsGroup(words[0]) ? VerbTable.WordsOf(words[0]) : VerbTable.Groups.Select(static group => group.Group).Concat(VerbTable.WordsOf("")).Distinct();
        }

        string[] given = words[used..];
        if (typed.StartsWith('-'))
        {
            return verb.Flags.Where(static flag => !flag.IsHidden).Select(static flag => $"--{flag.Name}").Append("--help");
        }

        string name = string.Join(' ', words[..used]);
        Flag? open = given.Length > 0 && given[^1].StartsWith("--", StringComparison.Ordinal) ? Array.Find(verb.Flags, flag => !flag.IsSwitch && given[^1] == $"--{flag.Name}") : null;
        string kind = open is not null ? CompletionNames.KindOfFlag(open.Name) : CompletionNames.KindOfVerb(name, given.Count(static word => !word.StartsWith('-')));
        if (kind.Length == 0)
        {
            return [];
        }

        try
        {
            using EngineClient engine = new(Contexts.CurrentContext.HostOf(options, call.Terminal), call.Terminal.Variable("DOCKER_API_VERSION"), null);
            return await CompletionNames.OfAsync(engine, call.Terminal, kind, cancellation);
        }
        catch (Exception failure) when (failure is CliException or OperationCanceledException)
        {
            return []; // Without a daemon there are no names; nothing may be printed while somebody types.
        }
    }

    /// <summary>Words behind the options of the program itself.</summary>
    private static (GlobalOptions Options, string[] Words) WithoutOptions(string[] words)
    {
        GlobalOptions options = new();
        try
        {
            return (options, words[options.Read(words)..]);
        }
        catch (UsageException)
        {
            return (options, []);
        }
    }
}
