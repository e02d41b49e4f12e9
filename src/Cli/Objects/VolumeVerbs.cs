using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Objects;

/// <summary><c>volume create</c>, <c>ls</c>, <c>inspect</c>, <c>rm</c>, <c>prune</c>: the node's own volumes.</summary>
internal static class VolumeVerbs
{
    private static readonly Flag<string> Driver = Flag.Text("driver", "Specify volume driver name", 'd', "local");
    private static readonly Flag<string> Name = new("name", null, "string", "Specify volume name", static text => text, "") { IsHidden = true };
    private static readonly ListFlag<KeyValuePair<string, string>> Options = Flag.List("opt", "Set driver specific options", GoValues.Pair, 'o', "map");
    private static readonly ListFlag<KeyValuePair<string, string>> Labels = Flag.List("label", "Set metadata for a volume", GoValues.Pair);
    private static readonly Flag<bool> ForceRemove = Flag.Switch("force", "Force the removal of one or more volumes", 'f');
    private static readonly Flag<bool> All = Flag.Switch("all", "Remove all unused volumes, not just anonymous ones", 'a');

    public static readonly Verb Create = new("[OPTIONS] [VOLUME]", "Create a volume", new Arity(0, 1), [Driver, Name, Options, Labels], static async (call, cancellation) =>
    {
        WireVolume volume = await call.Engine.PostAsync(
            "/volumes/create",
            new WireVolumeCreate
            {
                Name = call.Arguments.Length > 0 ? call.Arguments[0] : call.Given(Name) ? call.Get(Name) : null,
                Driver = call.Get(Driver),
                DriverOpts = LabelFormat.Map(call.All(Options)),
                Labels = LabelFormat.Map(call.All(Labels)),
            },
            WireJson.Default.WireVolumeCreate,
            WireJson.Default.WireVolume,
            cancellation);
        call.Out.WriteLine(volume.Name);
        return 0;
    });

    public static readonly Verb List = new("[OPTIONS]", "List volumes", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Inspect = new("[OPTIONS] VOLUME [VOLUME...]", "Display detailed information on one or more volumes", Arity.Some, [CommonFlags.InspectFormat], static (call, cancellation) =>
        InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), (name, ct) => call.Engine.GetRawAsync($"/volumes/{Query.Escape(name)}", ct), cancellation));

    public static readonly Verb Remove = new("[OPTIONS] VOLUME [VOLUME...]", "Remove one or more volumes", Arity.Some, [ForceRemove], static (call, cancellation) =>
        ServiceReading.EachAsync(call, name => call.Engine.DeleteAsync(new Query($"/volumes/{Query.Escape(name)}").When(call.Get(ForceRemove), "force", "1").ToString(), cancellation)));

    public static readonly Verb Prune = new("[OPTIONS]", "Remove unused local volumes", Arity.None, [All, CommonFlags.PruneFilter, CommonFlags.Force], static async (call, cancellation) =>
    {
        if (!call.Get(CommonFlags.Force) && !await call.Terminal.ConfirmsAsync(call.Get(All)
            ? "WARNING! This will remove all local volumes not used by at least one container.\nAre you sure you want to continue?"
            : "WARNING! This will remove anonymous local volumes not used by at least one container.\nAre you sure you want to continue?", "nothing was removed", cancellation))
        {
            return 0;
        }

        Query query = new Query("/volumes/prune").Filters(call.All(CommonFlags.PruneFilter));
        WireVolumesPruned answer = await call.Engine.PostAsync((call.Get(All) ? query.Filter("all", "true") : query).ToString(), WireJson.Default.WireVolumesPruned, cancellation);
        if (answer.VolumesDeleted is { Count: > 0 } names)
        {
            call.Out.WriteLine($"Deleted Volumes:\n{string.Join('\n', names)}\n");
        }

        call.Out.WriteLine($"Total reclaimed space: {HumanFormat.Size(answer.SpaceReclaimed)}");
        return 0;
    });

    private static readonly Columns Columns = Columns.Of(
        "{{.Driver}}\t{{.Name}}", ("Driver", "DRIVER"), ("Name", "VOLUME NAME"), ("Scope", "SCOPE"), ("Mountpoint", "MOUNTPOINT"), ("Labels", "LABELS"), ("Label", ""),
        ("Availability", "AVAILABILITY"), ("Group", "GROUP"), ("Status", "STATUS"), ("Links", "LINKS"), ("Size", "SIZE"));

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        WireVolumeList found = await call.Engine.GetAsync(new Query("/volumes").Filters(call.All(CommonFlags.Filter)).ToString(), WireJson.Default.WireVolumeList, cancellation);
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "Name" : null, Columns,
        [
            .. (found.Volumes ?? []).OrderBy(static volume => volume.Name, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(static volume => new Row
            {
                ["Driver"] = volume.Driver ?? "",
                ["Name"] = volume.Name ?? "",
                ["Scope"] = volume.Scope ?? "",
                ["Mountpoint"] = volume.Mountpoint ?? "",
                ["Labels"] = LabelFormat.Join(volume.Labels),
                ["Label"] = LabelFormat.Lookup(volume.Labels),
                // Of volumes of a cluster's drivers, and of `system df`.
                ["Availability"] = "N/A",
                ["Group"] = "N/A",
                ["Status"] = "N/A",
                ["Links"] = "N/A",
                ["Size"] = "N/A",
            }),
        ]);
        ServiceScaling.Warn(call, found.Warnings);
        return 0;
    }
}
