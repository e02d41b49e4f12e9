using Skep.Engine.Containerd;
using Skep.Engine.Stats;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    /// <summary>What the container uses now; null when it does not run.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<ContainerSample?> SampleAsync(string container, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        if (await _shop.Runtime.StateAsync(found.Id, ct) is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused } process)
        {
            return null;
        }

        return CgroupSampler.Take(_options.CgroupRoot, _shop.Host.CgroupV2, found.Spec.CgroupPath, (int)process.Pid, _shop.Time.GetUtcNow());
    }

    /// <param name="arguments">Of ps; empty: -ef.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.AlreadyExists"/> (HTTP 409): not running.</exception>
    public async Task<ProcessTable> ListProcessesAsync(string container, string arguments, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        await RequireRunningAsync(found, ct);
        return await ProcessList.ReadAsync(arguments.Length > 0 ? arguments : "-ef", await _shop.Runtime.ListPidsAsync(found.Id, ct), ct);
    }
}
