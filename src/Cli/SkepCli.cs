using Skep.Cli.Contexts;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Compose;

namespace Skep.Cli;

/// <summary>The program: finds the verb, reads its words, runs it, and turns failures into one message and an exit code.</summary>
internal static class SkepCli
{
    public static async Task<int> RunAsync(string[] words, Terminal terminal, CancellationToken cancellation)
    {
        GlobalOptions options = new();
        string usageOf = "";
        try
        {
            int at = options.Read(words);
            if (options.Config is { } folder)
            {
                terminal = terminal with { Environment = new Dictionary<string, string>(terminal.Environment) { ["DOCKER_CONFIG"] = folder } };
            }

            if (options.WantsVersion)
            {
                terminal.Out.WriteLine($"Skep version {ProductVersion.Text}");
                return 0;
            }

            string[] rest = words[at..];
            if (rest.Length == 0 || rest[0] == "help")
            {
                return PrintHelp([.. rest.Skip(1).Where(static word => word is not ("--help" or "-h" or "help"))], terminal);
            }

            (string name, Verb? verb, int used) = Locate(rest);
            usageOf = name;
            if (verb is null)
            {
                bool asksHelp = rest.Length > used && rest[used] is "--help" or "-h" || rest.Length == used;
                if (asksHelp)
                {
                    Help.Print(terminal.Out, name);
                    return 0;
                }

                return RefuseUnknown(name, rest[..(used + 1)], terminal);
            }

            ParsedFlags parsed = FlagReader.Read(verb, rest[used..]);
            if (parsed.WantsHelp)
            {
                Help.Print(terminal.Out, name, verb);
                return 0;
            }

            if (verb.Arity.Complaint(parsed.Arguments.Length) is { } complaint)
            {
                if (verb.Arity.Most == 0 && VerbTable.IsGroup(name))
                {
                    return RefuseUnknown(name, [.. rest[..used], parsed.Arguments[0]], terminal);
                }

                throw new UsageException($"skep: 'skep {name}' {complaint}", 1);
            }

            // A verb that asks no daemon works whatever the context says of it.
            EngineHost host = verb.AsksDaemon ? CurrentContext.HostOf(options, terminal) : EngineHost.Parse(EngineHost.Default);
            using EngineClient engine = new(host, terminal.Variable("DOCKER_API_VERSION"), options.IsDebug ? terminal.Err.WriteLine : null);
            return await verb.Run(new Invocation(parsed, engine, terminal) { Options = options }, cancellation);
        }
        catch (UsageException failure)
        {
            Verb? verb = VerbTable.Find(usageOf);
            terminal.Out.Flush();
            terminal.Err.WriteLine($"{failure.Message}\n\nUsage:  skep {(usageOf.Length > 0 ? usageOf : "[OPTIONS] COMMAND")} {verb?.Usage}".TrimEnd() + $"\n\nRun 'skep {(usageOf.Length > 0 ? usageOf + " " : "")}--help' for more information");
            return failure.ExitCode;
        }
        catch (CliException failure)
        {
            terminal.Out.Flush();
            terminal.Err.WriteLine(failure.Message);
            return failure.ExitCode;
        }
        catch (ComposeException failure)
        {
            // `stack config` speaks Docker's words exactly where a program may read them; people and deployments are told the place too.
            terminal.Out.Flush();
            terminal.Err.WriteLine(usageOf == "stack config" && !terminal.IsErrorInteractive ? failure.Message : failure.Located);
            return 1;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 130;
        }
        catch (IOException failure) when (!options.IsDebug)
        {
            terminal.Err.WriteLine(failure.Message);
            return 1;
        }
        finally
        {
            terminal.Out.Flush();
            terminal.Err.Flush();
        }
    }

    /// <summary>Of a verb, of a group, of all; of nothing else.</summary>
    private static int PrintHelp(string[] words, Terminal terminal)
    {
        (string name, Verb? _, int used) = words.Length > 0 ? Locate(words) : ("", null, 0);
        if (words.Length > used)
        {
            return RefuseUnknown(name, words[..(used + 1)], terminal);
        }

        Help.Print(terminal.Out, name);
        return 0;
    }

    /// <param name="known">The group, or verb, that the words begin with.</param>
    /// <param name="words">Up to the one nobody knows.</param>
    private static int RefuseUnknown(string known, string[] words, Terminal terminal)
    {
        terminal.Err.WriteLine($"skep: unknown command: skep {string.Join(' ', words)}{NearestWord.Question(words[^1], VerbTable.NextWords(known))}\n\nRun 'skep {(known.Length > 0 ? known + " " : "")}--help' for more information");
        return 1;
    }

    /// <summary>The longest verb that the words begin with.</summary>
    private static (string Name, Verb? Verb, int Used) Locate(string[] words)
    {
        if (words.Length > 1 && VerbTable.Find($"{words[0]} {words[1]}") is { } two)
        {
            return ($"{words[0]} {words[1]}", two, 2);
        }

        return VerbTable.Find(words[0]) is { } one ? ((string, Verb?, int))(words[0], one, 1)
            : VerbTable.IsGroup(words[0]) ? (words[0], null, 1)
            : ("", null, 0);
    }

}
