using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Nodes;

/// <summary><c>node update</c>, <c>promote</c>, <c>demote</c>, <c>rm</c>.</summary>
internal static class NodeUpdates
{
    private static readonly Flag<string> Availability = Flag.Text("availability", "Availability of the node (\"active\", \"pause\", \"drain\")");
    private static readonly Flag<string> Role = Flag.Text("role", "Role of the node (\"worker\", \"manager\")");
    private static readonly ListFlag<string> LabelAdd = Flag.List("label-add", "Add or update a node label (\"key=value\")");
    private static readonly ListFlag<string> LabelRemove = Flag.List("label-rm", "Remove a node label if exists");
    private static readonly Flag<bool> Force = Flag.Switch("force", "Force remove a node from the swarm", 'f');

    public static readonly Verb Update = new("[OPTIONS] NODE", "Update a node", Arity.One, [Availability, Role, LabelAdd, LabelRemove], async (call, cancellation) =>
    {
        await ChangeAsync(call, call.Arguments[0], spec => Change(call, spec), cancellation);
        call.Out.WriteLine(call.Arguments[0]);
        return 0;
    });

    public static readonly Verb Promote = new("NODE [NODE...]", "Promote one or more nodes to manager in the swarm", Arity.Some, [], (call, cancellation) =>
        SetRoleAsync(call, "manager", "promoted to a manager", cancellation));

    public static readonly Verb Demote = new("NODE [NODE...]", "Demote one or more nodes from manager in the swarm", Arity.Some, [], (call, cancellation) =>
        SetRoleAsync(call, "worker", "demoted in the swarm", cancellation));

    public static readonly Verb Remove = new("[OPTIONS] NODE [NODE...]", "Remove one or more nodes from the swarm", Arity.Some, [Force], (call, cancellation) =>
        ServiceReading.EachAsync(call, name => call.Engine.DeleteAsync(new Query($"/nodes/{Query.Escape(name)}").When(call.Get(Force), "force", "1").ToString(), cancellation)));

    private static WireNodeSpec Change(Invocation call, WireNodeSpec spec)
    {
        Dictionary<string, string> labels = new(spec.Labels ?? [], StringComparer.Ordinal);
        foreach (string label in call.All(LabelAdd))
        {
            (string key, string value) = GoValues.Pair(label);
            labels[key] = value;
        }

        foreach (string label in call.All(LabelRemove))
        {
            if (!labels.Remove(label))
            {
                throw new CliException($"key {label} doesn't exist in node's labels");
            }
        }

        return spec with
        {
            Labels = labels,
            Role = call.Given(Role) ? OneOf(call.Get(Role), "role", "worker", "manager") : spec.Role,
            Availability = call.Given(Availability) ? OneOf(call.Get(Availability), "availability", "active", "pause", "drain") : spec.Availability,
        };
    }

    private static string OneOf(string value, string what, params string[] known) => Array.IndexOf(known, value.ToLowerInvariant()) is >= 0 and var at
        ? known[at]
        : throw new CliException($"invalid {what} \"{value}\", only {string.Join(", ", known)} are supported");

    private static async Task<int> SetRoleAsync(Invocation call, string role, string done, CancellationToken cancellation)
    {
        foreach (string name in call.Arguments)
        {
            string? unchanged = await ChangeAsync(call, name, spec => spec.Role == role ? null : spec with { Role = role }, cancellation);
            call.Out.WriteLine(unchanged is null ? $"{(role == "manager" ? "Node" : "Manager")} {name} {done}{(role == "manager" ? " in the swarm" : "")}." : $"Node {unchanged} is already a {role}.");
        }

        return 0;
    }

    /// <returns>Null; the node's id where there was nothing to change.</returns>
    private static async Task<string?> ChangeAsync(Invocation call, string name, Func<WireNodeSpec, WireNodeSpec?> change, CancellationToken cancellation)
    {
        WireNode node = await call.Engine.GetAsync($"/nodes/{Query.Escape(name)}", WireJson.Default.WireNode, cancellation);
        if (change(node.Spec ?? new WireNodeSpec()) is not { } spec)
        {
            return node.Id;
        }

        await call.Engine.PostAsync(
            new Query($"/nodes/{node.Id}/update").With("version", node.Version?.Index ?? 0).ToString(), spec, WireJson.Default.WireNodeSpec, cancellation);
        return null;
    }
}
