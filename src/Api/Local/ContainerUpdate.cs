using Skep.Engine.Containers;

namespace Skep.Api.Local;

/// <summary>The body of <c>POST /containers/{id}/update</c> over a spec: what it leaves at zero stays. Pure.</summary>
internal static class ContainerUpdate
{
    public static StandaloneSpec Apply(StandaloneSpec spec, WireContainerHostConfig change)
    {
        Resources limits = spec.Template.Limits ?? new Resources(0, 0);
        limits = limits with
        {
            NanoCpus = Over(limits.NanoCpus, change.NanoCpus),
            MemoryBytes = Over(limits.MemoryBytes, change.Memory),
            Pids = Math.Max(0, Over(limits.Pids, change.PidsLimit ?? 0)),
        };
        if (spec.AutoRemove && change.RestartPolicy is { Name: not (null or "" or "no") })
        {
            throw new ClusterException(ErrorKind.AlreadyExists, "Restart policy cannot be updated because AutoRemove is enabled for the container");
        }

        return spec with
        {
            Template = spec.Template with
            {
                Limits = limits == new Resources(0, 0) ? null : limits,
                Reservations = change.MemoryReservation > 0 ? new Resources(0, change.MemoryReservation) : spec.Template.Reservations,
            },
            Restart = change.RestartPolicy is { Name.Length: > 0 } policy ? ContainerRequest.Restart(policy, autoRemove: false) : spec.Restart,
            MemoryAndSwapBytes = Over(spec.MemoryAndSwapBytes, change.MemorySwap),
            Cpu = spec.Cpu with
            {
                Shares = Over(spec.Cpu.Shares, change.CpuShares),
                QuotaMicroseconds = Over(spec.Cpu.QuotaMicroseconds, change.CpuQuota),
                PeriodMicroseconds = Over(spec.Cpu.PeriodMicroseconds, change.CpuPeriod),
                Cpus = change.CpusetCpus is { Length: > 0 } cpus ? cpus : spec.Cpu.Cpus,
                MemoryNodes = change.CpusetMems is { Length: > 0 } nodes ? nodes : spec.Cpu.MemoryNodes,
            },
        };
    }

    private static long Over(long present, long asked) => asked != 0 ? asked : present;
}
