using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Nodes;

/// <summary><c>node ls</c>, <c>ps</c>, <c>inspect</c>.</summary>
internal static class NodeListing
{
    public static readonly Verb List = new("[OPTIONS]", "List nodes in the swarm", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Ps = new("[OPTIONS] [NODE...]", "List tasks running on one or more nodes, defaults to current node", Arity.Any, TaskListing.Flags, PsAsync);

    public static readonly Verb Inspect = new("[OPTIONS] self|NODE [NODE...]", "Display detailed information on one or more nodes", Arity.Some, [CommonFlags.InspectFormat, CommonFlags.Pretty], InspectAsync);

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}} {{if .Self}}*{{else}} {{end}}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}\t{{.ManagerStatus}}\t{{.EngineVersion}}",
        ("ID", "ID"), ("Self", ""), ("Hostname", "HOSTNAME"), ("Status", "STATUS"), ("Availability", "AVAILABILITY"),
        ("ManagerStatus", "MANAGER STATUS"), ("EngineVersion", "ENGINE VERSION"), ("TLSStatus", "TLS STATUS"));

    /// <summary>The id that <c>self</c> stands for; anything else stays.</summary>
    public static async Task<string> ResolveAsync(EngineClient engine, string name, CancellationToken cancellation)
    {
        if (name != "self")
        {
            return name;
        }

        WireInfo info = await engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        return info.Swarm switch
        {
            { NodeId.Length: > 0 } swarm => swarm.NodeId,
            // The daemon words it best why there is none.
            _ when await engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation) is not null => throw new CliException("node ID not found in /info"),
            _ => name,
        };
    }

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireNode> nodes = await call.Engine.GetAsync(new Query("/nodes").Filters(call.All(CommonFlags.Filter)).ToString(), WireJson.Default.ListWireNode, cancellation);
        WireInfo info = nodes.Count > 0 && !call.Get(CommonFlags.Quiet) ? await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation) : new WireInfo();
        string? root = info.Swarm?.Cluster?.TlsInfo?.TrustRoot;
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, Columns,
        [
            .. nodes.OrderBy(static node => node.Description?.Hostname, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(node => new Row
            {
                ["ID"] = node.Id,
                ["Self"] = node.Id == info.Swarm?.NodeId,
                ["Hostname"] = node.Description?.Hostname ?? "",
                ["Status"] = HumanFormat.Capital(node.Status?.State),
                ["Availability"] = HumanFormat.Capital(node.Spec?.Availability),
                ["ManagerStatus"] = node.ManagerStatus is { Leader: true } ? "Leader" : HumanFormat.Capital(node.ManagerStatus?.Reachability),
                ["EngineVersion"] = node.Description?.Engine?.EngineVersion ?? "",
                ["TLSStatus"] = root is null || node.Description?.TlsInfo is null ? "Unknown" : node.Description.TlsInfo.TrustRoot == root ? "Ready" : "Needs Rotation",
            }),
        ]);
        return 0;
    }

    private static async Task<int> PsAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireTask> tasks = [];
        List<string> failures = [];
        foreach (string name in call.Arguments.Length == 0 ? ["self"] : call.Arguments)
        {
            try
            {
                string id = await ResolveAsync(call.Engine, name, cancellation);
                WireNode node = await call.Engine.GetAsync($"/nodes/{Query.Escape(id)}", WireJson.Default.WireNode, cancellation);
                tasks.AddRange(await call.Engine.GetAsync(
                    new Query("/tasks").Filters(call.All(CommonFlags.Filter)).Filter("node", node.Id ?? id).ToString(), WireJson.Default.ListWireTask, cancellation));
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
            }
        }

        if (failures.Count == 0 || tasks.Count > 0)
        {
            await TaskListing.PrintAsync(call, tasks, cancellation);
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    private static async Task<int> InspectAsync(Invocation call, CancellationToken cancellation)
    {
        if (!call.Get(CommonFlags.Pretty))
        {
            return await InspectPrinter.RunAsync(
                call,
                call.Get(CommonFlags.InspectFormat),
                async (name, ct) => await call.Engine.GetRawAsync($"/nodes/{Query.Escape(await ResolveAsync(call.Engine, name, ct))}", ct),
                cancellation);
        }

        foreach (string name in call.Arguments)
        {
            string id = await ResolveAsync(call.Engine, name, cancellation);
            call.Out.Write(NodePretty.Describe(await call.Engine.GetAsync($"/nodes/{Query.Escape(id)}", WireJson.Default.WireNode, cancellation)));
        }

        return 0;
    }
}
