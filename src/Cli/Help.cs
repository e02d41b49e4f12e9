using System.Text;
using Skep.Cli.Parsing;

namespace Skep.Cli;

/// <summary>Tells how verbs are used, laid out as Docker's help is.</summary>
internal static class Help
{
    /// <param name="name">A verb, a group of verbs, or nothing for all.</param>
    public static void Print(TextWriter output, string name)
    {
        if (VerbTable.Find(name) is { } verb)
        {
            Print(output, name, verb);
            return;
        }

        StringBuilder text = new();
        bool isGroup = name.Length > 0 && VerbTable.IsGroup(name);
        text.Append(isGroup ? $"\nUsage:  skep {name} COMMAND\n\nCommands:\n" : "\nUsage:  skep [OPTIONS] COMMAND\n\nA swarm of containers on a few Linux machines\n\nManagement Commands:\n");
        if (!isGroup)
        {
            foreach ((string group, string summary) in VerbTable.Groups)
            {
                text.Append($"  {group,-12}{summary}\n");
            }

            text.Append("\nCommands:\n");
        }

        foreach ((string word, Verb each) in VerbTable.Of(isGroup ? name : "").OrderBy(static pair => pair.Word, StringComparer.Ordinal))
        {
            text.Append($"  {word,-12}{each.Summary}\n");
        }

        if (!isGroup)
        {
            text.Append("\nGlobal Options:\n")
                .Append("      --config string      Location of client config files (DOCKER_CONFIG; default ~/.docker)\n")
                .Append("  -c, --context string     Name of the context to use (SKEP_CONTEXT, DOCKER_CONTEXT; default set with 'skep context use')\n")
                .Append("  -D, --debug              Tell every request on standard error\n")
                .Append("  -H, --host string        Daemon to connect to: unix://, tcp://, ssh:// (SKEP_HOST, DOCKER_HOST; default unix:///run/skep/skep.sock)\n")
                .Append("      --tls                Use TLS; implied by --tlsverify\n")
                .Append("      --tlscacert string   Trust certs signed only by this CA (default ~/.docker/ca.pem, DOCKER_CERT_PATH)\n")
                .Append("      --tlscert string     Path to TLS certificate file\n")
                .Append("      --tlskey string      Path to TLS key file\n")
                .Append("      --tlsverify          Use TLS and verify the remote (DOCKER_TLS_VERIFY)\n")
                .Append("  -v, --version            Print version information and quit\n");
        }

        text.Append($"\nRun 'skep {(isGroup ? name + " " : "")}COMMAND --help' for more information on a command.\n");
        output.Write(text.ToString());
    }

    public static void Print(TextWriter output, string name, Verb verb)
    {
        StringBuilder text = new($"Usage:  skep {name} {verb.Usage}".TrimEnd() + $"\n\n{verb.Summary}\n");
        List<(string Left, string Right)> lines = [.. verb.Flags.Where(static flag => !flag.IsHidden).OrderBy(static flag => flag.Name, StringComparer.Ordinal).Select(static flag => (
            $"  {(flag.Letter is { } letter ? $"-{letter}," : "   ")} --{flag.Name} {flag.ValueName}".TrimEnd(),
            flag.Help + (flag.ShownDefault.Length > 0 ? $" (default {flag.ShownDefault})" : "")))];
        if (lines.Count > 0)
        {
            int width = lines.Max(static line => line.Left.Length) + 3;
            text.Append("\nOptions:\n");
            foreach ((string left, string right) in lines)
            {
                text.Append(left.PadRight(width)).Append(right).Append('\n');
            }
        }

        output.Write(text.ToString());
    }
}
