using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;
using static Skep.Cli.Containers.ContainerFlags;

namespace Skep.Cli.Containers;

/// <summary><c>update</c>: new limits and restart policy of containers that exist.</summary>
internal static class ContainerUpdate
{
    private static readonly Flag[] Flags =
    [
        BlkioWeight, CpuPeriod, CpuQuota, CpuRealtimePeriod, CpuRealtimeRuntime, CpuShares, Cpus, CpusetCpus, CpusetMems, Memory, MemoryReservation, MemorySwap, PidsLimit, Restart,
    ];

    public static readonly Verb Update = new("[OPTIONS] CONTAINER [CONTAINER...]", "Update configuration of one or more containers", Arity.Some, Flags, static (call, cancellation) =>
    {
        if (!Array.Exists(Flags, call.Given))
        {
            throw new CliException("you must provide one or more flags when using this command");
        }

        WireRestart? restart;
        try
        {
            restart = call.Given(Restart) ? PublishValue.Restart(call.Get(Restart)) : null;
        }
        catch (FormatException wrong)
        {
            throw new CliException(wrong.Message);
        }

        WireContainerHostConfig change = new()
        {
            BlkioWeight = (int)(call.Get(BlkioWeight) ?? 0),
            CpuPeriod = call.Get(CpuPeriod) ?? 0,
            CpuQuota = call.Get(CpuQuota) ?? 0,
            CpuRealtimePeriod = call.Get(CpuRealtimePeriod) ?? 0,
            CpuRealtimeRuntime = call.Get(CpuRealtimeRuntime) ?? 0,
            CpuShares = call.Get(CpuShares) ?? 0,
            NanoCpus = call.Get(Cpus) ?? 0,
            CpusetCpus = call.Get(CpusetCpus),
            CpusetMems = call.Get(CpusetMems),
            Memory = call.Get(Memory) ?? 0,
            MemoryReservation = call.Get(MemoryReservation) ?? 0,
            MemorySwap = call.Get(MemorySwap) ?? 0,
            PidsLimit = call.Get(PidsLimit),
            RestartPolicy = restart,
        };
        return ContainerLifecycle.EachAsync(call, "", async name =>
        {
            WireWarnings answer = await call.Engine.PostAsync($"/containers/{Query.Escape(name)}/update", change, WireJson.Default.WireContainerHostConfig, WireJson.Default.WireWarnings, cancellation);
            foreach (string warning in answer.Warnings ?? [])
            {
                call.Err.WriteLine(warning);
            }
        });
    });
}
