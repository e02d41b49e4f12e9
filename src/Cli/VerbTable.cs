using Skep.Cli.Containers;
using Skep.Cli.Contexts;
using Skep.Cli.Doctor;
using Skep.Cli.Images;
using Skep.Cli.Logs;
using Skep.Cli.Node;
using Skep.Cli.Nodes;
using Skep.Cli.Objects;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Stacks;
using Skep.Cli.Swarm;
using Skep.Cli.Top;
using Skep.Cli.Why;

namespace Skep.Cli;

/// <summary>Every verb by its words. A verb is made only when it is asked for, which keeps the start of the program short.</summary>
internal static class VerbTable
{
    public static readonly (string Words, Func<Verb> Make)[] All =
    [
        ("swarm init", static () => SwarmMembership.Init),
        ("swarm join", static () => SwarmMembership.Join),
        ("swarm leave", static () => SwarmMembership.Leave),
        ("swarm join-token", static () => SwarmTokens.JoinToken),
        ("swarm unlock-key", static () => SwarmTokens.UnlockKey),
        ("swarm unlock", static () => SwarmTokens.Unlock),
        ("swarm update", static () => SwarmTokens.Update),
        ("swarm ca", static () => SwarmCa.Ca),
        ("swarm backup", static () => SwarmBackup.Backup),
        ("swarm restore", static () => SwarmBackup.Restore),
        ("swarm rejoin", static () => SwarmRejoin.Rejoin),
        ("node ls", static () => NodeListing.List),
        ("node ps", static () => NodeListing.Ps),
        ("node inspect", static () => NodeListing.Inspect),
        ("node update", static () => NodeUpdates.Update),
        ("node promote", static () => NodeUpdates.Promote),
        ("node demote", static () => NodeUpdates.Demote),
        ("node rm", static () => NodeUpdates.Remove),
        ("service create", static () => ServiceCreate.Create),
        ("service update", static () => ServiceUpdate.Update),
        ("service logs", static () => ServiceLogs.Logs),
        ("service ls", static () => ServiceListing.List),
        ("service ps", static () => ServiceReading.Ps),
        ("service inspect", static () => ServiceReading.Inspect),
        ("service rm", static () => ServiceReading.Remove),
        ("service scale", static () => ServiceScaling.Scale),
        ("service rollback", static () => ServiceScaling.Rollback),
        ("service why", static () => ServiceWhy.Why),
        ("stack deploy", static () => StackDeploy.Deploy),
        ("stack ls", static () => StackReading.List),
        ("stack ps", static () => StackReading.Ps),
        ("stack services", static () => StackReading.Services),
        ("stack config", static () => StackReading.Config),
        ("stack rm", static () => StackRemove.Remove),
        ("network create", static () => NetworkVerbs.Create),
        ("network ls", static () => NetworkVerbs.List),
        ("network inspect", static () => NetworkVerbs.Inspect),
        ("network rm", static () => NetworkVerbs.Remove),
        ("network prune", static () => NetworkVerbs.Prune),
        ("network connect", static () => NetworkConnections.Connect),
        ("network disconnect", static () => NetworkConnections.Disconnect),
        ("secret create", static () => SecretVerbs.Create),
        ("secret ls", static () => SecretVerbs.List),
        ("secret inspect", static () => SecretVerbs.Inspect),
        ("secret rm", static () => SecretVerbs.Remove),
        ("config create", static () => ConfigVerbs.Create),
        ("config ls", static () => ConfigVerbs.List),
        ("config inspect", static () => ConfigVerbs.Inspect),
        ("config rm", static () => ConfigVerbs.Remove),
        ("volume create", static () => VolumeVerbs.Create),
        ("volume ls", static () => VolumeVerbs.List),
        ("volume inspect", static () => VolumeVerbs.Inspect),
        ("volume rm", static () => VolumeVerbs.Remove),
        ("volume prune", static () => VolumeVerbs.Prune),
        ("login", static () => LoginVerbs.Login),
        ("logout", static () => LoginVerbs.Logout),
        ("image ls", static () => ImageVerbs.List),
        ("image inspect", static () => ImageVerbs.Inspect),
        ("image load", static () => ImageVerbs.Load),
        ("image pull", static () => ImageVerbs.Pull),
        ("image rm", static () => ImageVerbs.Remove),
        ("image tag", static () => ImageVerbs.Tag),
        ("image prune", static () => ImageVerbs.Prune),
        ("image save", static () => ImageTransfers.Save),
        ("image import", static () => ImageTransfers.Import),
        ("image push", static () => ImageTransfers.Push),
        ("image history", static () => ImageTransfers.History),
        ("system df", static () => SystemDisk.Use),
        ("system prune", static () => SystemDisk.Prune),
        ("events", static () => SystemEvents.Events),
        ("ps", static () => ContainerListing.Ps),
        ("logs", static () => ContainerLogs.Logs),
        ("exec", static () => ContainerExec.Exec),
        ("stats", static () => ContainerStats.Stats),
        ("cp", static () => ContainerCopy.Copy),
        ("diff", static () => ContainerCopy.Diff),
        ("export", static () => ContainerCopy.Export),
        ("run", static () => ContainerRun.Run),
        ("create", static () => ContainerCreation.Create),
        ("start", static () => ContainerStart.Start),
        ("attach", static () => ContainerStart.Attach),
        ("stop", static () => ContainerLifecycle.Stop),
        ("restart", static () => ContainerLifecycle.Restart),
        ("kill", static () => ContainerLifecycle.Kill),
        ("pause", static () => ContainerLifecycle.Pause),
        ("unpause", static () => ContainerLifecycle.Unpause),
        ("rm", static () => ContainerLifecycle.Remove),
        ("rename", static () => ContainerLifecycle.Rename),
        ("wait", static () => ContainerLifecycle.Wait),
        ("update", static () => ContainerUpdate.Update),
        ("port", static () => ContainerInspection.Port),
        ("inspect", static () => ContainerInspection.InspectAny),
        ("container inspect", static () => ContainerInspection.Inspect),
        ("container prune", static () => ContainerLifecycle.Prune),
        ("container top", static () => ContainerStats.Top),
        ("top", static () => TopVerb.Top),
        ("doctor", static () => DoctorVerb.Run),
        ("info", static () => NodeInfo.Info),
        ("version", static () => NodeInfo.Version),
        ("system dial-stdio", static () => DialStdio.Dial),
        ("context create", static () => ContextVerbs.Create),
        ("context export", static () => ContextVerbs.Export),
        ("context import", static () => ContextVerbs.Import),
        ("context inspect", static () => ContextVerbs.Inspect),
        ("context ls", static () => ContextVerbs.List),
        ("context rm", static () => ContextVerbs.Remove),
        ("context show", static () => ContextVerbs.Show),
        ("context update", static () => ContextVerbs.Update),
        ("context use", static () => ContextVerbs.Use),
        ("dashboard", static () => DashboardVerbs.Link),
        ("dashboard serve", static () => DashboardVerbs.Serve),
        ("completion", static () => Completion.Script),
        ("__complete", static () => Completion.Suggest),
    ];

    private static readonly (string Group, string Summary)[] Summaries =
    [
        ("swarm", "Manage Swarm"),
        ("node", "Manage Swarm nodes"),
        ("service", "Manage Swarm services"),
        ("stack", "Manage Swarm stacks"),
        ("network", "Manage networks"),
        ("secret", "Manage Swarm secrets"),
        ("config", "Manage Swarm configs"),
        ("volume", "Manage volumes"),
        ("image", "Manage images"),
        ("container", "Manage containers"),
        ("system", "Manage the node"),
        ("context", "Manage contexts: daemons by name"),
    ];

    public static IEnumerable<(string Group, string Summary)> Groups => Summaries.Where(static group => IsGroup(group.Group));

    /// <summary>Verbs of containers that stand alone, too.</summary>
    private static readonly string[] Container =
    [
        "attach", "cp", "create", "diff", "exec", "export", "kill", "logs", "pause", "port", "rename", "restart", "rm", "run", "start", "stats", "stop", "unpause", "update", "wait",
    ];

    /// <summary>Words that <see cref="Find"/> knows for a verb of a group.</summary>
    private static readonly string[] ShortForms = ["images", "pull", "load", "tag", "rmi", "save", "import", "push", "history"];

    public static Verb? Find(string words)
    {
        words = words switch
        {
            "images" => "image ls",
            "pull" => "image pull",
            "load" => "image load",
            "tag" => "image tag",
            "rmi" => "image rm",
            "container ls" or "container list" or "container ps" => "ps",
            "container remove" => "rm",
            _ when IsOfContainers(words) => words["container ".Length..],
            "system info" => "info",
            "system events" => "events",
            "save" => "image save",
            "import" => "image import",
            "push" => "image push",
            "history" => "image history",
            _ when words.EndsWith(" list", StringComparison.Ordinal) => words[..^" list".Length] + " ls",
            _ when words.EndsWith(" remove", StringComparison.Ordinal) => words[..^" remove".Length] + " rm",
            "stack up" => "stack deploy",
            "stack down" => "stack rm",
            _ => words,
        };
        foreach ((string name, Func<Verb> make) in All)
        {
            if (name == words)
            {
                return make();
            }
        }

        return null;
    }

    private static bool IsOfContainers(string words) => words.StartsWith("container ", StringComparison.Ordinal) && Container.Contains(words["container ".Length..]);

    public static bool IsGroup(string word) => Array.Exists(All, verb => verb.Words.Length > word.Length && verb.Words[word.Length] == ' ' && verb.Words.StartsWith(word, StringComparison.Ordinal));

    /// <summary>The verbs of a group, or the single words where it is empty.</summary>
    public static IEnumerable<string> WordsOf(string group) => Members(group).Select(verb => Word(verb.Words, group));

    /// <inheritdoc cref="WordsOf"/>
    public static IEnumerable<(string Word, Verb Verb)> Of(string group) => Members(group).Select(verb => (Word(verb.Words, group), verb.Make()));

    /// <summary>What may stand as the next word: verbs, and before them groups and Docker's short forms.</summary>
    public static IEnumerable<string> NextWords(string group) => group.Length > 0 ? WordsOf(group) : [.. WordsOf(""), .. Groups.Select(static each => each.Group), .. ShortForms, "help"];

    private static IEnumerable<(string Words, Func<Verb> Make)> Members(string group) => group == "container"
        ? All.Where(static verb => Container.Contains(verb.Words) || verb.Words == "ps" || verb.Words.StartsWith("container ", StringComparison.Ordinal)).Select(static verb => verb.Words switch
        {
            "ps" => ("container ls", verb.Make),
            _ when verb.Words.StartsWith("container ", StringComparison.Ordinal) => verb,
            _ => ($"container {verb.Words}", verb.Make),
        })
        : All.Where(verb => group.Length > 0
        ? verb.Words.StartsWith(group + " ", StringComparison.Ordinal)
        : !verb.Words.Contains(' ', StringComparison.Ordinal) && !verb.Words.StartsWith('_'));

    private static string Word(string words, string group) => words[(group.Length == 0 ? 0 : group.Length + 1)..];
}
