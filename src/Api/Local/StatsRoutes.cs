using System.Text.Json;
using Skep.Api.Http;
using Skep.Engine.Containers;
using Skep.Engine.Stats;

namespace Skep.Api.Local;

/// <summary>What containers use, what runs in them.</summary>
internal static class StatsRoutes
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("GET", "/containers/{id}/stats", (call, ct) => StatsAsync(call, time, ct));
        routes.Add("GET", "/containers/{id}/top", TopAsync);
    }

    private static async Task StatsAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        bool stream = call.Query("stream") is "" || call.Flag("stream");
        bool oneShot = call.Flag("one-shot");
        if (stream && oneShot)
        {
            throw ClusterException.Invalid("cannot have stream=true and one-shot=true");
        }

        LocalContainer container = await call.Local.InspectContainerAsync(call["id"], ct);
        ContainerSample? before = await call.Local.SampleAsync(container.Id, ct);
        if (oneShot || (!stream && before is null))
        {
            await call.AnswerAsync(ToWire(container, before, null), WireJson.Default.WireStats, ct);
            return;
        }

        // Headers at once: clients wait for them before anything else.
        call.Http.Response.ContentType = "application/json";
        if (stream)
        {
            await call.Http.Response.StartAsync(ct);
            await call.Http.Response.Body.FlushAsync(ct);
        }

        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            ContainerSample? now;
            try
            {
                now = await call.Local.SampleAsync(container.Id, ct);
            }
            catch (ClusterException gone) when (gone.Kind == ErrorKind.NotFound && stream)
            {
                return;
            }

            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(ToWire(container, now, before), WireJson.Default.WireStats), (byte)'\n'];
            await call.Http.Response.Body.WriteAsync(line, ct);
            await call.Http.Response.Body.FlushAsync(ct);
            before = now;
            if (!stream)
            {
                return;
            }
        }
    }

    private static async Task TopAsync(ApiCall call, CancellationToken ct)
    {
        ProcessTable table = await call.Local.ListProcessesAsync(call["id"], call.Query("ps_args"), ct);
        await call.AnswerAsync(new WireTop { Titles = [.. table.Titles], Processes = [.. table.Rows.Select(r => r.ToList())] }, WireJson.Default.WireTop, ct);
    }

    /// <summary>A container that does not run has only its name.</summary>
    internal static WireStats ToWire(LocalContainer container, ContainerSample? now, ContainerSample? before) => new()
    {
        Name = $"/{container.Name}",
        Id = container.Id,
        Read = now?.At ?? default,
        PreRead = before?.At ?? default,
        Pids = new WirePidsStats { Current = now?.Pids ?? 0, Limit = now?.PidsLimit ?? 0 },
        Block = new WireBlockStats { ServiceBytes = Block(now?.BlockBytes), Serviced = Block(now?.BlockOperations) },
        Cpu = Cpu(now?.Cpu),
        PreCpu = Cpu(before?.Cpu),
        Memory = now is null
            ? new WireMemoryStats()
            : new WireMemoryStats
            {
                Usage = now.Memory.Usage,
                MaxUsage = now.Memory.MaxUsage,
                FailCount = now.Memory.FailCount,
                Limit = now.Memory.Limit,
                Stats = new Dictionary<string, ulong>(now.Memory.Stats, StringComparer.Ordinal),
            },
        Networks = now is null || now.Interfaces.Count == 0
            ? null
            : now.Interfaces.ToDictionary(
                i => i.Key,
                i => new WireInterfaceStats
                {
                    RxBytes = i.Value.RxBytes,
                    RxPackets = i.Value.RxPackets,
                    RxErrors = i.Value.RxErrors,
                    RxDropped = i.Value.RxDropped,
                    TxBytes = i.Value.TxBytes,
                    TxPackets = i.Value.TxPackets,
                    TxErrors = i.Value.TxErrors,
                    TxDropped = i.Value.TxDropped,
                },
                StringComparer.Ordinal),
    };

    private static List<WireBlockEntry>? Block(ValueList<BlockSample>? samples)
        => samples is { IsEmpty: false } list
            ? [.. list.Select(s => new WireBlockEntry { Major = s.Major, Minor = s.Minor, Operation = s.Operation, Value = s.Value })]
            : null;

    private static WireCpuStats Cpu(CpuSample? cpu) => cpu is null
        ? new WireCpuStats()
        : new WireCpuStats
        {
            Usage = new WireCpuUsage { Total = cpu.Total, User = cpu.User, Kernel = cpu.Kernel, PerCpu = cpu.PerCpu.IsEmpty ? null : [.. cpu.PerCpu] },
            SystemUsage = cpu.Machine,
            OnlineCpus = (uint)cpu.OnlineCpus,
            Throttling = new WireThrottling { Periods = cpu.Periods, ThrottledPeriods = cpu.ThrottledPeriods, ThrottledTime = cpu.ThrottledTime },
        };
}
