using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Objects;

/// <summary><c>network create</c>, <c>ls</c>, <c>inspect</c>, <c>rm</c>, <c>prune</c>.</summary>
internal static class NetworkVerbs
{
    private static readonly Flag<string> Driver = Flag.Text("driver", "Driver to manage the Network", 'd', "bridge");
    private static readonly ListFlag<KeyValuePair<string, string>> Options = Flag.List("opt", "Set driver specific options", GoValues.Pair, 'o', "map");
    private static readonly ListFlag<KeyValuePair<string, string>> Labels = Flag.List("label", "Set metadata on a network", GoValues.Pair);
    private static readonly Flag<bool> Internal = Flag.Switch("internal", "Restrict external access to the network");
    private static readonly Flag<bool> Attachable = Flag.Switch("attachable", "Enable manual container attachment");
    private static readonly Flag<bool> Ingress = Flag.Switch("ingress", "Create swarm routing-mesh network");
    private static readonly Flag<bool> ConfigOnly = Flag.Switch("config-only", "Create a configuration only network");
    private static readonly Flag<string> ConfigFrom = Flag.Text("config-from", "The network from which to copy the configuration");
    private static readonly Flag<string> Scope = Flag.Text("scope", "Control the network's scope");
    private static readonly Flag<bool> IPv6 = Flag.Switch("ipv6", "Enable or disable IPv6 address assignment");
    private static readonly Flag<bool> IPv4 = Flag.Switch("ipv4", "Enable or disable IPv4 address assignment");
    private static readonly Flag<string> IpamDriver = Flag.Text("ipam-driver", "IP Address Management Driver", byDefault: "default");
    private static readonly ListFlag<KeyValuePair<string, string>> IpamOptions = Flag.List("ipam-opt", "Set IPAM driver specific options", GoValues.Pair, valueName: "map");
    private static readonly ListFlag<string> Subnets = Flag.List("subnet", "Subnet in CIDR format that represents a network segment", valueName: "strings");
    private static readonly ListFlag<string> Ranges = Flag.List("ip-range", "Allocate container ip from a sub-range", valueName: "strings");
    private static readonly ListFlag<string> Gateways = Flag.List("gateway", "IPv4 or IPv6 Gateway for the master subnet", valueName: "strings");
    private static readonly ListFlag<KeyValuePair<string, string>> AuxAddresses = Flag.List("aux-address", "Auxiliary IPv4 or IPv6 addresses used by Network driver", GoValues.Pair, valueName: "map");
    private static readonly Flag<bool> Verbose = Flag.Switch("verbose", "Verbose output for diagnostics", 'v');
    private static readonly Flag<bool> ForceRemove = Flag.Switch("force", "Do not error if the network does not exist", 'f');

    public static readonly Verb Create = new("[OPTIONS] NETWORK", "Create a network", Arity.One,
        [Driver, Options, Labels, Internal, Attachable, Ingress, ConfigOnly, ConfigFrom, Scope, IPv4, IPv6, IpamDriver, IpamOptions, Subnets, Ranges, Gateways, AuxAddresses], CreateAsync);

    public static readonly Verb List = new("[OPTIONS]", "List networks", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.NoTrunc, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Inspect = new("[OPTIONS] NETWORK [NETWORK...]", "Display detailed information on one or more networks", Arity.Some, [CommonFlags.InspectFormat, Verbose], static (call, cancellation) =>
        InspectPrinter.RunAsync(
            call, call.Get(CommonFlags.InspectFormat), (name, ct) => call.Engine.GetRawAsync(new Query($"/networks/{Query.Escape(name)}").When(call.Get(Verbose), "verbose", "true").ToString(), ct), cancellation));

    public static readonly Verb Remove = new("NETWORK [NETWORK...]", "Remove one or more networks", Arity.Some, [ForceRemove], static (call, cancellation) =>
        ServiceReading.EachAsync(call, async name =>
        {
            if (await IsIngressAsync(call, name, cancellation) && !await call.Terminal.ConfirmsAsync(
                "WARNING! Without the routing-mesh network no node answers on published ports.\nAre you sure you want to continue?", $"network {name} stays", cancellation))
            {
                return false;
            }

            try
            {
                await call.Engine.DeleteAsync($"/networks/{Query.Escape(name)}", cancellation);
            }
            catch (EngineException failure) when (failure.IsNotFound && call.Get(ForceRemove))
            {
                return true;
            }

            return true;
        }));

    public static readonly Verb Prune = new("[OPTIONS]", "Remove all unused networks", Arity.None, [CommonFlags.PruneFilter, CommonFlags.Force], static async (call, cancellation) =>
    {
        if (!call.Get(CommonFlags.Force) && !await call.Terminal.ConfirmsAsync("WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?", "nothing was removed", cancellation))
        {
            return 0;
        }

        WireNetworksPruned answer = await call.Engine.PostAsync(new Query("/networks/prune").Filters(call.All(CommonFlags.PruneFilter)).ToString(), WireJson.Default.WireNetworksPruned, cancellation);
        if (answer.NetworksDeleted is { Count: > 0 } names)
        {
            call.Out.WriteLine($"Deleted Networks:\n{string.Join('\n', names)}\n");
        }

        return 0;
    });

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
        ("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE"), ("IPv4", "IPV4"), ("IPv6", "IPV6"), ("Internal", "INTERNAL"), ("Labels", "LABELS"), ("Label", ""), ("CreatedAt", "CREATED AT"));

    private static async Task<bool> IsIngressAsync(Invocation call, string name, CancellationToken cancellation)
    {
        try
        {
            return (await call.Engine.GetAsync($"/networks/{Query.Escape(name)}", WireJson.Default.WireNetwork, cancellation)).Ingress;
        }
        catch (EngineException)
        {
            return false; // removing it will say what is wrong
        }
    }

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireNetwork> networks = await call.Engine.GetAsync(new Query("/networks").Filters(call.All(CommonFlags.Filter)).ToString(), WireJson.Default.ListWireNetwork, cancellation);
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, Columns,
        [
            .. networks.OrderBy(static network => network.Name, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(network => new Row
            {
                ["ID"] = call.Get(CommonFlags.NoTrunc) ? network.Id : HumanFormat.Short(network.Id),
                ["Name"] = network.Name ?? "",
                ["Driver"] = network.Driver ?? "",
                ["Scope"] = network.Scope ?? "",
                ["IPv4"] = network.EnableIPv4 ? "true" : "false",
                ["IPv6"] = network.EnableIPv6 ? "true" : "false",
                ["Internal"] = network.Internal ? "true" : "false",
                ["Labels"] = LabelFormat.Join(network.Labels),
                ["Label"] = LabelFormat.Lookup(network.Labels),
                ["CreatedAt"] = LabelFormat.Time(network.Created),
            }),
        ]);
        return 0;
    }

    private static async Task<int> CreateAsync(Invocation call, CancellationToken cancellation)
    {
        WireNetworkCreate body = new()
        {
            Name = call.Arguments[0],
            Driver = call.Get(Driver),
            Scope = call.Get(Scope),
            Internal = call.Get(Internal),
            Attachable = call.Get(Attachable),
            Ingress = call.Get(Ingress),
            ConfigOnly = call.Get(ConfigOnly),
            ConfigFrom = call.Given(ConfigFrom) ? new WireConfigFrom { Network = call.Get(ConfigFrom) } : null,
            EnableIPv4 = call.Given(IPv4) ? call.Get(IPv4) : null,
            EnableIPv6 = call.Given(IPv6) ? call.Get(IPv6) : null,
            CheckDuplicate = await call.Engine.SupportsAsync("1.44", cancellation) ? null : true,
            Ipam = new WireIpam { Driver = call.Get(IpamDriver), Options = LabelFormat.Map(call.All(IpamOptions)), Config = Pools(call) },
            Options = LabelFormat.Map(call.All(Options)),
            Labels = LabelFormat.Map(call.All(Labels)),
        };
        WireNetworkCreated created = await call.Engine.PostAsync("/networks/create", body, WireJson.Default.WireNetworkCreate, WireJson.Default.WireNetworkCreated, cancellation);
        if (created.Warning is { Length: > 0 } warning)
        {
            call.Err.WriteLine($"WARNING: {warning}");
        }

        call.Out.WriteLine(created.Id);
        return 0;
    }

    /// <summary>Ranges, gateways and kept addresses go to the subnet that holds them.</summary>
    private static List<WireIpamPool> Pools(Invocation call)
    {
        string[] subnets = [.. call.All(Subnets).SelectMany(static text => text.Split(','))];
        string[] ranges = [.. call.All(Ranges).SelectMany(static text => text.Split(','))];
        string[] gateways = [.. call.All(Gateways).SelectMany(static text => text.Split(','))];
        if (subnets.Length < ranges.Length || subnets.Length < gateways.Length)
        {
            throw new CliException("every ip-range or gateway must have a corresponding subnet");
        }

        List<WireIpamPool> pools = [.. subnets.Select(static subnet => new WireIpamPool { Subnet = subnet })];
        void Put(string address, string what, Func<WireIpamPool, WireIpamPool> set)
        {
            int at = pools.FindIndex(pool => System.Net.IPNetwork.TryParse(pool.Subnet ?? "", out System.Net.IPNetwork network)
                && System.Net.IPAddress.TryParse(address.Split('/')[0], out System.Net.IPAddress? ip) && network.Contains(ip));
            pools[at >= 0 ? at : throw new CliException($"no matching subnet for {what} {address}")] = set(pools[at]);
        }

        foreach (string range in ranges)
        {
            Put(range, "range", pool => pool with { IpRange = range });
        }

        foreach (string gateway in gateways)
        {
            Put(gateway, "gateway", pool => pool with { Gateway = gateway });
        }

        foreach ((string name, string address) in call.All(AuxAddresses))
        {
            Put(address, "aux-address", pool => pool with { AuxAddress = new Dictionary<string, string>(pool.AuxAddress ?? [], StringComparer.Ordinal) { [name] = address } });
        }

        return pools;
    }
}
