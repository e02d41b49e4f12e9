using System.Globalization;
using System.Text.RegularExpressions;
using Skep.Cli.Output;
using Skep.Wire;

namespace Skep.Cli.Why;

/// <summary>Reads what the scheduler wrote into the error of a task without a node: how many nodes failed which filter first.</summary>
internal static partial class PlacementReason
{
    private const string NoNode = "no suitable node";

    private static readonly (string Words, Func<WireTaskSpec?, IReadOnlyList<WireNode>, int?, Finding> Explain)[] Filters =
    [
        ("not available for new tasks", NotAvailable),
        ("insufficient resources", Resources),
        ("missing plugin", static (_, _, count) => new Finding(
            $"{On(count)} a volume, network or log driver that the service names is missing.",
            [], ["Look at the drivers with 'skep node inspect NODE --format \"{{json .Description.Engine.Plugins}}\"'; choose one that the nodes have."])),
        ("scheduling constraints not satisfied", Constraints),
        ("unsupported platform", static (spec, nodes, count) => new Finding(
            $"{On(count)} the image does not fit the machine: it is made for {Platforms(spec)}.",
            [.. nodes.Select(static node => $"node {Name(node)} is {node.Description?.Platform?.Os}/{node.Description?.Platform?.Architecture}")],
            ["Use an image that is built for the nodes' platform, or create the service with --no-resolve-image if the image's list of platforms is wrong."])),
        ("host-mode port already in use", static (_, _, count) => new Finding(
            $"{On(count)} the port that the service publishes in host mode is taken. A node has room for one such task.",
            [], ["Ask for fewer replicas than nodes (or --mode global), publish in ingress mode, or take another port with --publish-add."])),
        ("max replicas per node limit exceed", static (spec, _, _) => new Finding(
            $"Every node that would do runs {Plural.Tasks((long)(spec?.Placement?.MaxReplicas ?? 0))} of the service already, and --replicas-max-per-node allows no more.",
            [], ["Add nodes, scale the service down, or raise the limit with 'skep service update --replicas-max-per-node N'."])),
    ];

    /// <summary>Whether the text is the scheduler's.</summary>
    public static bool IsMatch(string error) => error.StartsWith(NoNode, StringComparison.Ordinal)
        || error == "its node does not exist"
        || Array.Exists(Filters, filter => error.Contains(filter.Words, StringComparison.Ordinal));

    /// <param name="spec">Of the tasks that wait.</param>
    /// <param name="nodes">All of the cluster; empty where they could not be asked.</param>
    public static IEnumerable<Finding> Explain(string error, WireTaskSpec? spec, IReadOnlyList<WireNode> nodes)
    {
        string inner = error.StartsWith(NoNode + " (", StringComparison.Ordinal) && error.EndsWith(')') ? error[(NoNode.Length + 2)..^1] : error;
        if (inner == NoNode)
        {
            yield return new Finding("The cluster has no node on which the scheduler could place a task.", [], ["Look at the nodes with 'skep node ls'."]);
            yield break;
        }

        foreach (string part in inner.Split("; "))
        {
            Match number = Number().Match(part);
            int? count = number.Success ? int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture) : null;
            (string Words, Func<WireTaskSpec?, IReadOnlyList<WireNode>, int?, Finding> Explain) filter = Array.Find(Filters, each => part.Contains(each.Words, StringComparison.Ordinal));
            yield return filter.Explain?.Invoke(spec, nodes, count) ?? new Finding($"The scheduler says: {part}.", [], []);
        }
    }

    private static Finding NotAvailable(WireTaskSpec? spec, IReadOnlyList<WireNode> nodes, int? count)
    {
        List<string> seen = [];
        List<string> next = [];
        foreach (WireNode node in nodes.Where(static node => node.Status?.State != "ready" || node.Spec?.Availability is "pause" or "drain"))
        {
            bool ready = node.Status?.State == "ready";
            seen.Add(!ready ? $"node {Name(node)} is {node.Status?.State}{(node.Status?.Message is { Length: > 0 } message ? $": {message}" : "")}"
                : $"node {Name(node)} is set to {node.Spec?.Availability}");
            next.Add(!ready ? $"Look why {Name(node)} is {node.Status?.State}: run 'skep doctor' and 'systemctl status skep' there."
                : $"When {Name(node)} may work again: 'skep node update --availability active {Name(node)}'.");
        }

        return new Finding($"{Plural.Nodes(count ?? 1)} {Plural.Verb(count ?? 1, "takes", "take")} no new tasks.", seen, next);
    }

    private static Finding Resources(WireTaskSpec? spec, IReadOnlyList<WireNode> nodes, int? count)
    {
        WireResources reserved = spec?.Resources?.Reservations ?? new WireResources();
        List<string> asked = [];
        if (reserved.NanoCpus > 0)
        {
            asked.Add(string.Create(CultureInfo.InvariantCulture, $"{reserved.NanoCpus / 1e9:0.##} CPUs"));
        }

        if (reserved.MemoryBytes > 0)
        {
            asked.Add($"{HumanFormat.BinarySize(reserved.MemoryBytes)} of memory");
        }

        asked.AddRange((reserved.GenericResources ?? []).Select(static generic => generic.DiscreteResourceSpec is { } discrete
            ? string.Create(CultureInfo.InvariantCulture, $"{discrete.Value} {discrete.Kind}") : $"{generic.NamedResourceSpec?.Kind}={generic.NamedResourceSpec?.Value}"));
        return new Finding(
            $"{On(count)} too little is free: each task reserves {(asked.Count > 0 ? string.Join(" and ", asked) : "more than is left")}, and what other tasks reserve counts even if they do not use it.",
            [.. nodes.Select(static node => string.Create(CultureInfo.InvariantCulture,
                $"node {Name(node)} has {(node.Description?.Resources?.NanoCpus ?? 0) / 1e9:0.##} CPUs and {HumanFormat.BinarySize(node.Description?.Resources?.MemoryBytes ?? 0)} in all"))],
            ["Reserve less ('skep service update --reserve-cpu N --reserve-memory N'), scale something down, or add a node."]);
    }

    private static Finding Constraints(WireTaskSpec? spec, IReadOnlyList<WireNode> nodes, int? count)
    {
        List<string> constraints = spec?.Placement?.Constraints ?? [];
        return new Finding(
            $"{Plural.Nodes(count ?? 1)} {Plural.Verb(count ?? 1, "does", "do")} not satisfy the constraint{(constraints.Count == 1 ? "" : "s")} {string.Join(" and ", constraints.Select(static text => $"'{text}'"))}.".Replace(" .", ".", StringComparison.Ordinal),
            [.. nodes.Select(static node => $"node {Name(node)}: role {node.Spec?.Role}, {(node.Spec?.Labels is { Count: > 0 } labels ? $"labels {string.Join(", ", labels.OrderBy(static label => label.Key, StringComparer.Ordinal).Select(static label => $"{label.Key}={label.Value}"))}" : "no labels")}")],
            ["Give a node the label it lacks ('skep node update --label-add KEY=VALUE NODE'), or take the constraint away ('skep service update --constraint-rm CONSTRAINT SERVICE')."]);
    }

    private static string On(int? count) => count is { } number ? $"On {Plural.Nodes(number)}" : "Here";

    private static string Platforms(WireTaskSpec? spec) => spec?.Placement?.Platforms is { Count: > 0 } platforms
        ? string.Join(", ", platforms.Select(static platform => $"{platform.Os}/{platform.Architecture}")) : "another platform";

    private static string Name(WireNode node) => node.Description?.Hostname ?? node.Id ?? "";

    [GeneratedRegex(@"(?:^| on )(\d+) node")]
    private static partial Regex Number();
}
