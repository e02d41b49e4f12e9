using Skep.Model;
using Skep.Model.Net;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class ServiceMapping
{
    public static Proto.Service ToProto(this Service service) => new()
    {
        Id = service.Id.Value,
        Meta = AnnotationsMapping.MetaOf(service),
        Spec = service.Spec.ToProto(),
        SpecVersion = service.SpecVersion.Index,
        PreviousSpec = service.PreviousSpec?.ToProto(),
        PreviousSpecVersion = service.PreviousSpecVersion.Index,
        Endpoint = service.Endpoint?.ToProto(),
        UpdateStatus = service.UpdateStatus is { } status
            ? new Proto.UpdateStatus
            {
                State = (int)status.State,
                StartedAtNanos = status.StartedAt.ToNanos(),
                CompletedAtNanos = status.CompletedAt.ToNanos(),
                Message = status.Message,
            }
            : null,
        JobStatus = service.JobStatus is { } job
            ? new Proto.JobStatus { Iteration = job.Iteration.Index, LastExecutionNanos = job.LastExecution.ToNanos() }
            : null,
        Trouble = service.Trouble,
    };

    public static Service ToModel(this Proto.Service service)
    {
        Proto.Meta meta = Need(service.Meta);
        return new Service(new ServiceId(service.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = Need(service.Spec).ToModel(),
            SpecVersion = new ObjectVersion(service.SpecVersion),
            PreviousSpec = service.PreviousSpec?.ToModel(),
            PreviousSpecVersion = new ObjectVersion(service.PreviousSpecVersion),
            Endpoint = service.Endpoint?.ToModel(),
            UpdateStatus = service.UpdateStatus is { } status
                ? new UpdateStatus(status.State.ToKnown<UpdateState>(), status.StartedAtNanos.ToTime())
                {
                    CompletedAt = status.CompletedAtNanos.ToTimeOrNull(),
                    Message = status.Message,
                }
                : null,
            JobStatus = service.JobStatus is { } job ? new JobStatus(new ObjectVersion(job.Iteration), job.LastExecutionNanos.ToTime()) : null,
            Trouble = service.Trouble,
        };
    }

    internal static Proto.ServiceEndpoint ToProto(this ServiceEndpoint endpoint) => new()
    {
        Mode = (int)endpoint.Mode,
        Ports = { endpoint.Ports.Select(ServiceSpecMapping.ToProto) },
        VirtualIps = { endpoint.VirtualIps.Select(v => new Proto.VirtualIp { NetworkId = v.Network.Value, Address = v.Address.Value }) },
    };

    internal static ServiceEndpoint ToModel(this Proto.ServiceEndpoint endpoint) => new(endpoint.Mode.ToKnown<EndpointMode>())
    {
        Ports = endpoint.Ports.ToList(ServiceSpecMapping.ToModel),
        VirtualIps = endpoint.VirtualIps.ToList(v => new VirtualIp(new NetworkId(v.NetworkId), new Ipv4Address(v.Address))),
    };
}
