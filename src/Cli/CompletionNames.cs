using Skep.Cli.Contexts;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Model;
using Skep.Wire;

namespace Skep.Cli;

/// <summary>Which names of the cluster and the node can stand where.</summary>
internal static class CompletionNames
{
    /// <summary>Verbs whose argument is a container.</summary>
    private static readonly string[] Container =
    [
        "attach", "cp", "diff", "exec", "export", "inspect", "kill", "logs", "pause", "port", "rename", "restart", "rm", "start", "stats", "stop", "top", "unpause", "update", "wait",
    ];

    /// <summary>The kind of thing that an argument names; empty for none that is known.</summary>
    /// <param name="place">Arguments before it.</param>
    public static string KindOfVerb(string verb, int place)
    {
        string[] words = verb.Split(' ');
        (string group, string action) = words.Length > 1 ? (words[0], words[1]) : ("", words[0]);
        return (group, action) switch
        {
            ("", "rmi" or "save" or "history" or "push" or "tag") => "image",
            ("", "run" or "create") => place == 0 ? "image" : "",
            ("" or "container", "exec" or "rename" or "port" or "top") => place == 0 ? "container" : "",
            ("" or "container", _) when Container.Contains(action) => "container",
            (_, "create" or "ls" or "list" or "prune" or "import" or "pull" or "load") => "",
            ("network", "connect" or "disconnect") => place == 0 ? "network" : "container",
            ("service", "logs") => "service-or-task",
            ("stack", "deploy" or "config" or "up") => place == 0 && action != "config" ? "stack" : "",
            ("service" or "node" or "stack" or "network" or "secret" or "config" or "volume" or "image" or "context", _) => group,
            _ => "",
        };
    }

    /// <summary>The kind of thing that a flag's value names.</summary>
    public static string KindOfFlag(string flag) => flag switch
    {
        "network" or "network-add" or "network-rm" or "net" => "network",
        "secret" or "secret-add" or "secret-rm" => "secret",
        "config" or "config-add" or "config-rm" => "config",
        "volumes-from" or "link" => "container",
        "context" or "from" => "context",
        _ => "",
    };

    public static async Task<IEnumerable<string>> OfAsync(EngineClient engine, Terminal terminal, string kind, CancellationToken cancellation)
    {
        IEnumerable<string?> names = kind switch
        {
            "service" => (await engine.GetAsync("/services", WireJson.Default.ListWireService, cancellation)).Select(static service => service.Spec?.Name),
            "service-or-task" => [.. await OfAsync(engine, terminal, "service", cancellation), .. (await engine.GetAsync("/tasks", WireJson.Default.ListWireTask, cancellation)).Select(static task => task.Id)],
            "node" => (await engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation)).Select(static node => node.Description?.Hostname).Append("self"),
            "stack" => (await engine.GetAsync("/services", WireJson.Default.ListWireService, cancellation)).Select(static service => service.Spec?.Labels?.GetValueOrDefault(StackLabels.Namespace)),
            "network" => (await engine.GetAsync("/networks", WireJson.Default.ListWireNetwork, cancellation)).Select(static network => network.Name),
            "secret" => (await engine.GetAsync("/secrets", WireJson.Default.ListWireSecret, cancellation)).Select(static secret => secret.Spec?.Name),
            "config" => (await engine.GetAsync("/configs", WireJson.Default.ListWireConfig, cancellation)).Select(static config => config.Spec?.Name),
            "volume" => (await engine.GetAsync("/volumes", WireJson.Default.WireVolumeList, cancellation)).Volumes?.Select(static volume => volume.Name) ?? [],
            "image" => (await engine.GetAsync("/images/json", WireJson.Default.ListWireImageSummary, cancellation)).SelectMany(static image => image.RepoTags ?? []),
            "container" => (await engine.GetAsync("/containers/json?all=1", WireJson.Default.ListWireContainerSummary, cancellation)).Select(static container => container.Names?.FirstOrDefault()?.TrimStart('/')),
            "context" => new ContextStore(DockerConfig.Of(terminal)).All().Select(static context => context.Name).Append(ContextStore.Default),
            _ => [],
        };
        return names.OfType<string>().Where(static name => name.Length > 0).Distinct(StringComparer.Ordinal);
    }
}
