using Skep.Compose;
using Skep.Model;
using Skep.Wire;
using Skep.Wire.Mapping;

namespace Skep.Cli.Stacks;

/// <summary>The bodies in which a plan is asked for. What a file leaves open is left out, as Docker's CLI does: an engine may fill it otherwise than we would.</summary>
internal static class StackRequests
{
    public static WireServiceSpec Service(StackService service, ServiceSpec withIds)
    {
        LeftOpen open = service.LeftOpen;
        WireServiceSpec wire = withIds.ToWire();
        WireServiceMode? mode = wire.Mode;
        if (open.HasFlag(LeftOpen.Replicas) && mode is not null)
        {
            mode = mode with
            {
                Replicated = mode.Replicated is null ? null : new WireReplicated(),
                ReplicatedJob = mode.ReplicatedJob is null ? null : new WireReplicatedJob(),
            };
        }

        WireEndpointSpec endpoint = wire.EndpointSpec ?? new WireEndpointSpec();
        return wire with
        {
            Mode = mode,
            EndpointSpec = endpoint with
            {
                Mode = open.HasFlag(LeftOpen.EndpointMode) ? null : endpoint.Mode,
                Ports = endpoint.Ports is not { } ports ? null : [.. ports.Zip(service.PortsLeftOpen, static (port, left) => port with
                {
                    Protocol = left.Protocol ? null : port.Protocol,
                    PublishMode = left.Mode ? null : port.PublishMode,
                })],
            },
            TaskTemplate = wire.TaskTemplate! with { Runtime = null },
            UpdateConfig = Rollout(wire.UpdateConfig, open.HasFlag(LeftOpen.UpdateFailureAction), open.HasFlag(LeftOpen.UpdateOrder)),
            RollbackConfig = Rollout(wire.RollbackConfig, open.HasFlag(LeftOpen.RollbackFailureAction), open.HasFlag(LeftOpen.RollbackOrder)),
        };
    }

    public static WireNetworkCreate Network(NetworkSpec network) => new()
    {
        Name = network.Annotations.Name,
        Driver = network.Driver?.Name,
        Options = network.Driver is { Options.Count: > 0 } driver ? Map(driver.Options) : null,
        Labels = Map(network.Annotations.Labels),
        Internal = network.Internal,
        Attachable = network.Attachable,
        Ipam = network.Ipam is not { } ipam ? null : new WireIpam
        {
            Driver = ipam.Driver?.Name,
            Config = [.. ipam.Pools.Select(static pool => new WireIpamPool { Subnet = pool.Subnet })],
        },
    };

    private static WireUpdateConfig? Rollout(WireUpdateConfig? config, bool actionOpen, bool orderOpen) => config is null ? null : config with
    {
        FailureAction = actionOpen ? null : config.FailureAction,
        Order = orderOpen ? null : config.Order,
    };

    private static Dictionary<string, string> Map(ValueMap<string, string> map) => map.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
}
