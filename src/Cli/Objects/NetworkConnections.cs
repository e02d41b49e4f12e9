using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Objects;

/// <summary><c>network connect</c> and <c>disconnect</c>.</summary>
internal static class NetworkConnections
{
    private static readonly ListFlag<string> Aliases = Flag.List("alias", "Add network-scoped alias for the container", valueName: "strings");
    private static readonly ListFlag<KeyValuePair<string, string>> Options = Flag.List("driver-opt", "driver options for the network", GoValues.Pair, valueName: "strings");
    private static readonly Flag<string> Ip = Flag.Text("ip", "IPv4 address (e.g., \"172.30.100.104\")");
    private static readonly Flag<string> Ip6 = Flag.Text("ip6", "IPv6 address (e.g., \"2001:db8::33\")");
    private static readonly ListFlag<string> Links = Flag.List("link", "Add link to another container", valueName: "list");
    private static readonly Flag<bool> Force = Flag.Switch("force", "Force the container to disconnect from a network", 'f');

    public static readonly Verb Connect = new("[OPTIONS] NETWORK CONTAINER", "Connect a container to a network", Arity.Exactly(2), [Aliases, Options, Ip, Ip6, Links], static async (call, cancellation) =>
    {
        WireNetworkConnect body = new()
        {
            Container = call.Arguments[1],
            EndpointConfig = new WireEndpointSettings
            {
                IpamConfig = new WireEndpointIpam { IPv4Address = call.Get(Ip) is { Length: > 0 } ip ? ip : null, IPv6Address = call.Get(Ip6) is { Length: > 0 } ip6 ? ip6 : null },
                Aliases = [.. call.All(Aliases).SelectMany(static text => text.Split(','))],
                Links = call.All(Links) is { Length: > 0 } links ? [.. links] : null,
                DriverOpts = LabelFormat.Map(call.All(Options)),
            },
        };
        await call.Engine.PostAsync($"/networks/{Query.Escape(call.Arguments[0])}/connect", body, WireJson.Default.WireNetworkConnect, cancellation);
        return 0;
    });

    public static readonly Verb Disconnect = new("[OPTIONS] NETWORK CONTAINER", "Disconnect a container from a network", Arity.Exactly(2), [Force], static async (call, cancellation) =>
    {
        WireNetworkConnect body = new() { Container = call.Arguments[1], Force = call.Get(Force) };
        await call.Engine.PostAsync($"/networks/{Query.Escape(call.Arguments[0])}/disconnect", body, WireJson.Default.WireNetworkConnect, cancellation);
        return 0;
    });
}
