using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

internal static class ServiceSpecMapping
{
    public static Proto.ServiceSpec ToProto(this ServiceSpec spec) => new()
    {
        Annotations = spec.Annotations.ToProto(),
        Task = spec.Task.ToProto(),
        Mode = spec.Mode.ToProto(),
        Update = spec.Update?.ToProto(),
        Rollback = spec.Rollback?.ToProto(),
        Endpoint = spec.Endpoint is { } endpoint
            ? new Proto.EndpointSpec { Mode = (int)endpoint.Mode, Ports = { endpoint.Ports.Select(ToProto) } }
            : null,
    };

    public static ServiceSpec ToModel(this Proto.ServiceSpec spec) => new(Need(spec.Annotations).ToModel())
    {
        Task = Need(spec.Task).ToModel(),
        Mode = Need(spec.Mode).ToModel(),
        Update = spec.Update?.ToModel(),
        Rollback = spec.Rollback?.ToModel(),
        Endpoint = spec.Endpoint is { } endpoint
            ? new EndpointSpec(endpoint.Mode.ToKnown<EndpointMode>()) { Ports = endpoint.Ports.ToList(ToModel) }
            : null,
    };

    public static Proto.PortConfig ToProto(this PortConfig port) => new()
    {
        Name = port.Name,
        Protocol = (int)port.Protocol,
        TargetPort = port.TargetPort,
        PublishedPort = port.PublishedPort,
        Mode = (int)port.Mode,
    };

    public static PortConfig ToModel(this Proto.PortConfig port)
        => new(port.Protocol.ToKnown<PortProtocol>(), port.TargetPort, port.PublishedPort, port.Mode.ToKnown<PublishMode>()) { Name = port.Name };

    private static Proto.ServiceMode ToProto(this ServiceMode mode) => mode switch
    {
        ServiceMode.Replicated m => new Proto.ServiceMode { Replicated = new Proto.ServiceMode.Types.Replicated { Replicas = m.Replicas } },
        ServiceMode.Global => new Proto.ServiceMode { Global = new Proto.ServiceMode.Types.Empty() },
        ServiceMode.ReplicatedJob m => new Proto.ServiceMode
        {
            ReplicatedJob = new Proto.ServiceMode.Types.ReplicatedJob { MaxConcurrent = m.MaxConcurrent, TotalCompletions = m.TotalCompletions },
        },
        ServiceMode.GlobalJob => new Proto.ServiceMode { GlobalJob = new Proto.ServiceMode.Types.Empty() },
        _ => throw new ClusterException(ErrorKind.Internal, $"unknown service mode {mode.GetType().Name}"),
    };

    private static ServiceMode ToModel(this Proto.ServiceMode mode) => mode.ModeCase switch
    {
        Proto.ServiceMode.ModeOneofCase.Replicated => new ServiceMode.Replicated(mode.Replicated.Replicas),
        Proto.ServiceMode.ModeOneofCase.Global => new ServiceMode.Global(),
        Proto.ServiceMode.ModeOneofCase.ReplicatedJob => new ServiceMode.ReplicatedJob(mode.ReplicatedJob.MaxConcurrent, mode.ReplicatedJob.TotalCompletions),
        Proto.ServiceMode.ModeOneofCase.GlobalJob => new ServiceMode.GlobalJob(),
        Proto.ServiceMode.ModeOneofCase.None => throw new ClusterException(ErrorKind.Internal, "unknown service mode"),
    };

    private static Proto.UpdateConfig ToProto(this UpdateConfig update)
    {
        var proto = new Proto.UpdateConfig
        {
            Parallelism = update.Parallelism,
            DelayNanos = update.Delay.Nanoseconds,
            FailureAction = (int)update.FailureAction,
            MaxFailureRatio = update.MaxFailureRatio,
            Order = (int)update.Order,
        };
        if (update.Monitor is { } monitor)
        {
            proto.MonitorNanos = monitor.Nanoseconds;
        }

        return proto;
    }

    private static UpdateConfig ToModel(this Proto.UpdateConfig update) => new()
    {
        Parallelism = update.Parallelism,
        Delay = new Duration(update.DelayNanos),
        FailureAction = update.FailureAction.ToKnown<UpdateFailureAction>(),
        Monitor = update.HasMonitorNanos ? new Duration(update.MonitorNanos) : null,
        MaxFailureRatio = update.MaxFailureRatio,
        Order = update.Order.ToKnown<UpdateOrder>(),
    };
}
