using System.Diagnostics;

namespace Skep.Bench.Consensus.Members;

/// <summary>How a member is doing.</summary>
/// <param name="Newest">The number it applied last.</param>
internal sealed record MemberStatus(bool IsLeader, int Voters, long Applied, long Newest, double CpuSeconds, double ResidentMiB)
{
    public static MemberStatus Of(IEngine engine)
    {
        using var self = Process.GetCurrentProcess();
        return new MemberStatus(
            engine.IsLeader, engine.Voters, engine.Log.Applied, engine.Log.Newest, self.TotalProcessorTime.TotalSeconds, self.WorkingSet64 / (double)(1 << 20));
    }
}

/// <summary>What a load of many clients took.</summary>
/// <param name="AllocatedBytes">By this member, a write.</param>
/// <param name="Failure">Of the first write that failed.</param>
internal sealed record LoadResult(double WritesPerSecond, double P50Ms, double P99Ms, double AllocatedBytes, int Failed, string? Failure);

/// <summary>A command was carried out.</summary>
internal sealed record Done;
