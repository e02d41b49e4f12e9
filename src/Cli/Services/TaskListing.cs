using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>The table of tasks that <c>service ps</c>, <c>stack ps</c> and <c>node ps</c> print.</summary>
internal static class TaskListing
{
    public static readonly Flag[] Flags = [CommonFlags.Filter, CommonFlags.Format, CommonFlags.NoResolve, CommonFlags.NoTrunc, CommonFlags.Quiet];

    private const int LongestError = 30;

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}\t{{.Ports}}",
        ("ID", "ID"), ("Name", "NAME"), ("Image", "IMAGE"), ("Node", "NODE"), ("DesiredState", "DESIRED STATE"),
        ("CurrentState", "CURRENT STATE"), ("Error", "ERROR"), ("Ports", "PORTS"));

    public static async Task PrintAsync(Invocation call, List<WireTask> tasks, CancellationToken cancellation, bool wholeIds = false)
    {
        NameResolver names = new(call.Engine, !call.Get(CommonFlags.NoResolve));
        bool whole = call.Get(CommonFlags.NoTrunc);
        string format = call.Get(CommonFlags.Format);
        List<(string Name, WireTask Task)> named = [];
        foreach (WireTask task in tasks)
        {
            named.Add((await names.TaskAsync(task, cancellation), task));
        }

        named = [.. named.OrderBy(static pair => pair.Name, Comparer<string>.Create(HumanFormat.CompareNatural)).ThenByDescending(static pair => pair.Task.CreatedAt)];
        List<Row> rows = [];
        string before = "";
        foreach ((string name, WireTask task) in named)
        {
            bool isOlder = name == before && Listing.IsTable(format);
            before = name;
            rows.Add(new Row
            {
                ["ID"] = whole || wholeIds ? task.Id : HumanFormat.Short(task.Id),
                ["Name"] = isOlder ? $" \\_ {name}" : name,
                ["Image"] = whole ? task.Spec?.ContainerSpec?.Image ?? "" : ImageReference.WithoutDigest(task.Spec?.ContainerSpec?.Image),
                ["Node"] = await names.NodeAsync(task.NodeId, cancellation),
                ["DesiredState"] = HumanFormat.Capital(task.DesiredState),
                ["CurrentState"] = $"{HumanFormat.Capital(task.Status?.State)} {HumanFormat.Ago(task.Status?.Timestamp ?? default, call.Terminal.Time.GetUtcNow()).ToLowerInvariant()}",
                ["Error"] = Error(task.Status?.Err, whole),
                ["Ports"] = string.Join(",", (task.Status?.PortStatus?.Ports ?? []).Select(static port =>
                    string.Create(CultureInfo.InvariantCulture, $"*:{port.PublishedPort}->{port.TargetPort}/{port.Protocol}"))),
            });
        }

        Listing.Print(call.Out, format, call.Get(CommonFlags.Quiet) ? "ID" : null, Columns, rows);
    }

    private static string Error(string? text, bool whole) => string.IsNullOrEmpty(text) ? ""
        : !whole && text.Length > LongestError ? $"\"{text[..(LongestError - 1)]}…\""
        : $"\"{text}\"";
}
