using Skep.Compose;
using Skep.Model;
using Skep.Wire;
using Skep.Wire.Mapping;

namespace Skep.Cli.Stacks;

/// <summary>The bodies in which a plan is asked for. What a file leaves open is left out, and words that only the engine judges are passed on, as Docker's CLI does.</summary>
internal static class StackRequests
{
    /// <summary>All that a deployment will ask for, with the ids of nothing yet.</summary>
    public static WireStackCheck Check(StackPlan plan, bool prune) => new()
    {
        Prune = prune,
        Networks = [.. plan.Networks.Select(Network)],
        Secrets = [.. plan.Secrets.Select(static secret => secret.ToRequest())],
        Configs = [.. plan.Configs.Select(static config => config.ToWire())],
        Services = [.. plan.Services.Select(static service => Service(service, service.Spec))],
    };

    public static WireServiceSpec Service(StackService service, ServiceSpec withIds)
    {
        AsWritten written = service.Written;
        WireServiceSpec wire = withIds.ToWire();
        WireTaskSpec task = wire.TaskTemplate! with { Runtime = null };
        if (written.RestartCondition.Length > 0)
        {
            task = task with { RestartPolicy = task.RestartPolicy! with { Condition = written.RestartCondition } };
        }

        WireServiceMode? mode = wire.Mode;
        if (written.Replicas is null && mode is not null)
        {
            mode = mode with
            {
                Replicated = mode.Replicated is null ? null : new WireReplicated(),
                ReplicatedJob = mode.ReplicatedJob is null ? null : new WireReplicatedJob(),
            };
        }

        return wire with
        {
            Mode = mode,
            EndpointSpec = new WireEndpointSpec { Mode = Word(written.EndpointMode), Ports = written.Ports.IsEmpty ? null : [.. written.Ports.Select(Port)] },
            TaskTemplate = task,
            UpdateConfig = Rollout(wire.UpdateConfig, written.Update),
            RollbackConfig = Rollout(wire.RollbackConfig, written.Rollback),
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

    private static WirePort Port(PortAsWritten port) =>
        new() { Protocol = Word(port.Protocol), TargetPort = port.Target, PublishedPort = port.Published, PublishMode = Word(port.Mode) };

    private static WireUpdateConfig? Rollout(WireUpdateConfig? config, RolloutAsWritten written) => config is null ? null : config with
    {
        FailureAction = Word(written.FailureAction),
        Order = Word(written.Order),
    };

    private static string? Word(string written) => written.Length == 0 ? null : written;

    private static Dictionary<string, string> Map(ValueMap<string, string> map) => map.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
}
