using Skep.Cli.Parsing;

namespace Skep.Cli;

/// <summary><c>completion SHELL</c>: a script that asks this program for the words that may follow.</summary>
internal static class Completion
{
    public static readonly Verb Script = new("(bash|zsh|fish)", "Generate the autocompletion script for a shell", Arity.One, [], static (call, _) =>
    {
        call.Out.Write(call.Arguments[0] switch
        {
            "bash" => """
                _skep() { local IFS=$'\n'; COMPREPLY=($(compgen -W "$(skep __complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")); }
                complete -o default -F _skep skep

                """,
            "zsh" => """
                #compdef skep
                _skep() { local -a found; found=("${(@f)$(skep __complete "${words[@]:1:CURRENT-2}" 2>/dev/null)}"); compadd -a found; }
                compdef _skep skep

                """,
            "fish" => """
                complete -c skep -f -a '(skep __complete (commandline -opc)[2..-1] 2>/dev/null)'

                """,
            var other => throw new CliException($"unknown shell {other}: bash, zsh and fish are supported"),
        });
        return Task.FromResult(0);
    });

    /// <summary>What may follow the words given: verbs, or a verb's flags.</summary>
    public static readonly Verb Suggest = new("[WORD...]", "Words that may follow", Arity.Any, [], static (call, _) =>
    {
        string[] words = [.. call.Arguments.Where(static word => !word.StartsWith('-'))];
        string name = string.Join(' ', words.Take(2));
        Verb? verb = VerbTable.Find(name) ?? (words.Length > 0 ? VerbTable.Find(words[0]) : null);
        IEnumerable<string> found = verb is not null ? verb.Flags.Where(static flag => !flag.IsHidden).Select(static flag => $"--{flag.Name}")
            : words.Length > 0 && VerbTable.IsGroup(words[0]) ? VerbTable.WordsOf(words[0])
            : VerbTable.Groups.Select(static group => group.Group).Concat(VerbTable.WordsOf(""));
        foreach (string word in found.Order(StringComparer.Ordinal))
        {
            call.Out.WriteLine(word);
        }

        return Task.FromResult(0);
    })
    {
        FlagsEndAtArgument = true,
    };
}
