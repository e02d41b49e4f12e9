using Skep.Cli.Engine;
using Skep.Cli.Output;

namespace Skep.Cli.Contexts;

/// <summary>Which daemon is meant: by flag, environment, or the context in use.</summary>
/// <remarks>Source: docker/cli:cli/command/cli.go, resolveContextName; SKEP_ variables go before Docker's.</remarks>
internal static class CurrentContext
{
    private static readonly string[] Variables = ["SKEP_HOST", "DOCKER_HOST"];

    /// <summary>The name of the context; <c>default</c> where flags or the environment name a daemon.</summary>
    /// <exception cref="UsageException">A daemon and a context are both named.</exception>
    public static string NameOf(GlobalOptions options, Terminal terminal)
    {
        if (options.Context is { Length: > 0 } && options.Host is not null)
        {
            throw new UsageException("conflicting options: cannot specify both --host and --context", 1);
        }

        return options.Context is { Length: > 0 } context ? context
            : options.Host is not null || Named(terminal) is not null ? ContextStore.Default
            : terminal.Variable("SKEP_CONTEXT") ?? terminal.Variable("DOCKER_CONTEXT") ?? new ContextStore(DockerConfig.Of(terminal)).ReadCurrent() ?? ContextStore.Default;
    }

    /// <summary>The daemon that the environment names.</summary>
    public static string? Named(Terminal terminal) => NamingVariable(terminal) is { } variable ? terminal.Variable(variable) : null;

    private static string? NamingVariable(Terminal terminal) => Array.Find(Variables, variable => terminal.Variable(variable) is not null);

    /// <exception cref="CliException">The context is not there, or names no place that can be reached.</exception>
    public static EngineHost HostOf(GlobalOptions options, Terminal terminal)
    {
        string name = NameOf(options, terminal);
        if (name == ContextStore.Default)
        {
            string? source = options.Host is null ? NamingVariable(terminal) : null;
            try
            {
                return EngineHost.Parse(options.Host ?? Named(terminal) ?? EngineHost.Default, TlsSettings.Of(options, terminal)) with { Source = source };
            }
            catch (UnparsableHostException failure)
            {
                throw new CliException($"{failure.Message}{(source is null ? "" : $" of {source}")}: write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST");
            }
        }

        try
        {
            StoredContext context = new ContextStore(DockerConfig.Of(terminal)).Find(name);
            return EngineHost.Parse(context.Host, TlsSettings.Of(context)) with { Source = $"context \"{name}\"" };
        }
        catch (CliException failure)
        {
            throw new CliException($"Failed to initialize: unable to resolve docker endpoint: {failure.Message}");
        }
    }
}
