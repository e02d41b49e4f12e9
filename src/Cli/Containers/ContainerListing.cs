using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Objects;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>ps</c>: the containers of this node.</summary>
internal static class ContainerListing
{
    private const int LongestCommand = 20;
    private const int LongestMount = 15;

    private static readonly Flag<bool> All = Flag.Switch("all", "Show all containers (default shows just running)", 'a');
    private static readonly Flag<bool> Latest = Flag.Switch("latest", "Show the latest created container (includes all states)", 'l');
    private static readonly Flag<long?> Last = Flag.Number("last", "Show n last created containers (includes all states)", 'n');
    private static readonly Flag<bool> Size = Flag.Switch("size", "Display total file sizes", 's');

    public static readonly Verb Ps = new("[OPTIONS]", "List containers", Arity.None,
        [All, Latest, Last, Size, CommonFlags.Filter, CommonFlags.Format, CommonFlags.NoTrunc, CommonFlags.Quiet], RunAsync);

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
        ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"), ("CreatedAt", "CREATED AT"), ("RunningFor", "CREATED"), ("State", "STATE"), ("Status", "STATUS"),
        ("Ports", "PORTS"), ("Names", "NAMES"), ("Labels", "LABELS"), ("Label", ""), ("Mounts", "MOUNTS"), ("Networks", "NETWORKS"), ("LocalVolumes", "LOCAL VOLUMES"), ("Size", "SIZE"));

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        long last = call.Get(Latest) ? 1 : call.Get(Last) ?? -1;
        Query query = new Query("/containers/json").Filters(call.All(CommonFlags.Filter))
            .When(call.Get(All), "all", "1").When(call.Get(Size), "size", "1").When(last > 0, "limit", last.ToString(CultureInfo.InvariantCulture));
        List<WireContainerSummary> containers = await call.Engine.GetAsync(query.ToString(), WireJson.Default.ListWireContainerSummary, cancellation);
        bool whole = call.Get(CommonFlags.NoTrunc);
        DateTimeOffset now = call.Terminal.Time.GetUtcNow();
        Columns columns = call.Get(Size) ? Columns with { Default = Columns.Default + "\t{{.Size}}" } : Columns;
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, columns, [.. containers.Select(container => new Row
        {
            ["ID"] = whole ? container.Id : HumanFormat.Short(container.Id),
            ["Image"] = whole ? container.Image ?? "" : ImageReference.WithoutDigest(container.Image),
            ["Command"] = $"\"{(whole ? container.Command : HumanFormat.Shortened(container.Command ?? "", LongestCommand))}\"",
            ["CreatedAt"] = LabelFormat.Time(DateTimeOffset.FromUnixTimeSeconds(container.Created)),
            ["RunningFor"] = HumanFormat.Ago(DateTimeOffset.FromUnixTimeSeconds(container.Created), now),
            ["State"] = container.State ?? "",
            ["Status"] = container.Status ?? "",
            ["Ports"] = PublishedPorts.Describe(container.Ports ?? []),
            ["Names"] = Names(container.Names ?? [], whole),
            ["Labels"] = LabelFormat.Join(container.Labels),
            ["Label"] = LabelFormat.Lookup(container.Labels),
            ["Mounts"] = string.Join(',', (container.Mounts ?? [])
                .Select(static mount => mount.Name is { Length: > 0 } name ? name : mount.Source ?? "").Select(mount => whole ? mount : HumanFormat.Shortened(mount, LongestMount))),
            ["Networks"] = string.Join(',', container.NetworkSettings?.Networks?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()),
            ["Size"] = container.SizeRootFs > 0 ? $"{HumanFormat.Size(container.SizeRw ?? 0, 3)} (virtual {HumanFormat.Size(container.SizeRootFs ?? 0, 3)})" : HumanFormat.Size(container.SizeRw ?? 0, 3),
            ["Platform"] = null, // the engine tells it of images alone
            ["LocalVolumes"] = (container.Mounts ?? []).Count(static mount => mount.Driver == "local").ToString(CultureInfo.InvariantCulture),
        })]);
        return 0;
    }

    /// <summary>Its own name; with <c>--no-trunc</c> also those that links gave it.</summary>
    private static string Names(List<string> names, bool whole)
    {
        string[] plain = [.. names.Select(static name => name.TrimStart('/'))];
        return !whole && Array.Find(plain, static name => !name.Contains('/', StringComparison.Ordinal)) is { } own ? own : string.Join(',', plain);
    }
}
