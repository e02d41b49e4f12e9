using System.Globalization;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>container inspect</c>, <c>port</c>, and <c>inspect</c> of whatever has the name.</summary>
internal static class ContainerInspection
{
    private static readonly Flag<bool> Size = Flag.Switch("size", "Display total file sizes if the type is container", 's');
    private static readonly Flag<string> Type = Flag.Text("type", "Only inspect objects of the given type");

    /// <summary>In the order in which Docker asks.</summary>
    private static readonly (string Type, string Path, string More)[] Kinds =
    [
        ("container", "/containers/{0}/json", ""), ("image", "/images/{0}/json", ""), ("network", "/networks/{0}", ""), ("volume", "/volumes/{0}", ""),
        ("service", "/services/{0}", "?insertDefaults=true"), ("task", "/tasks/{0}", ""), ("node", "/nodes/{0}", ""), ("secret", "/secrets/{0}", ""), ("config", "/configs/{0}", ""),
    ];

    public static readonly Verb Inspect = new("[OPTIONS] CONTAINER [CONTAINER...]", "Display detailed information on one or more containers", Arity.Some, [CommonFlags.InspectFormat, Size],
        static (call, cancellation) => InspectPrinter.RunAsync(
            call, call.Get(CommonFlags.InspectFormat), (name, ct) => call.Engine.GetRawAsync(new Query($"/containers/{Query.Escape(name)}/json").When(call.Get(Size), "size", "1").ToString(), ct), cancellation));

    public static readonly Verb InspectAny = new("[OPTIONS] NAME|ID [NAME|ID...]", "Return low-level information on objects of the cluster and the node", Arity.Some,
        [CommonFlags.InspectFormat, Size, Type], static (call, cancellation) =>
    {
        string type = call.Get(Type);
        if (call.Given(Type) && !Array.Exists(Kinds, kind => kind.Type == type))
        {
            throw new CliException($"unknown type: \"{type}\": must be one of \"{string.Join("\", \"", Kinds.Select(static kind => kind.Type).Order(StringComparer.Ordinal))}\"");
        }

        return InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), (name, ct) => FindAsync(call, type, name, ct), cancellation);
    });

    public static readonly Verb Port = new("CONTAINER [PRIVATE_PORT[/PROTO]]", "List port mappings or a specific mapping for the container", new Arity(1, 2), [], static async (call, cancellation) =>
    {
        WireContainerDetail container = await call.Engine.GetAsync($"/containers/{Query.Escape(call.Arguments[0])}/json", WireJson.Default.WireContainerDetail, cancellation);
        Dictionary<string, List<WirePortBinding>?> ports = container.NetworkSettings?.Ports ?? [];
        if (call.Arguments.Length == 1)
        {
            IEnumerable<string> lines = ports.SelectMany(static port => (port.Value ?? []).Select(binding => $"{port.Key} -> {Address(binding)}"));
            foreach (string line in lines.Order(Comparer<string>.Create(HumanFormat.CompareNatural)))
            {
                call.Out.WriteLine(line);
            }

            return 0;
        }

        string asked = call.Arguments[1].Contains('/', StringComparison.Ordinal) ? call.Arguments[1] : $"{call.Arguments[1]}/tcp";
        if (!int.TryParse(asked.Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > ushort.MaxValue)
        {
            throw new CliException($"Error: invalid port ({asked.Split('/')[0]}): strconv.ParseUint: parsing \"{asked.Split('/')[0]}\": invalid syntax");
        }

        if (ports.GetValueOrDefault(asked) is not { Count: > 0 } bindings)
        {
            throw new CliException($"Error: No public port '{call.Arguments[1]}' published for {call.Arguments[0]}");
        }

        foreach (WirePortBinding binding in bindings)
        {
            call.Out.WriteLine(Address(binding));
        }

        return 0;
    });

    private static string Address(WirePortBinding binding) => binding.HostIp?.Contains(':', StringComparison.Ordinal) == true ? $"[{binding.HostIp}]:{binding.HostPort}" : $"{binding.HostIp}:{binding.HostPort}";

    private static async Task<JsonElement> FindAsync(Invocation call, string type, string name, CancellationToken cancellation)
    {
        foreach ((string kind, string path, string more) in Kinds)
        {
            if (type.Length > 0 && type != kind)
            {
                continue;
            }

            try
            {
                string place = path.Replace("{0}", kind == "image" ? name : Query.Escape(name), StringComparison.Ordinal) + more;
                return await call.Engine.GetRawAsync(kind == "container" && call.Get(Size) ? place + "?size=1" : place, cancellation);
            }
            catch (EngineException failure) when (type.Length == 0 && IsElsewhere(failure))
            {
                continue;
            }
        }

        throw new CliException($"Error: No such object: {name}");
    }

    /// <summary>Not of this kind, or this node cannot know (it manages no cluster).</summary>
    private static bool IsElsewhere(EngineException failure)
        => failure.IsNotFound || failure.Status == System.Net.HttpStatusCode.BadRequest || failure.Message.Contains("This node is not a swarm manager", StringComparison.Ordinal);
}
