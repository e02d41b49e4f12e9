using Grpc.Health.V1;
using Grpc.HealthCheck;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Skep.Rpc;

/// <summary>What the standard health service says of this node: of "" whether it does its part, of "manager" whether its group has a leader.</summary>
/// <remarks>Source: grpc/grpc:doc/health-checking.md. A worker does not know "manager" and answers NOT_FOUND.</remarks>
public sealed class NodeHealth
{
    /// <summary>Name of a manager's part.</summary>
    public const string Manager = "manager";

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly Func<bool> _isReady;
    private readonly Func<bool>? _hasLeader;
    private readonly TimeProvider _time;
    private (bool IsReady, bool HasLeader)? _told;

    /// <param name="hasLeader">Null on a worker.</param>
    public NodeHealth(Func<bool> isReady, Func<bool>? hasLeader, TimeProvider time)
    {
        _isReady = isReady;
        _hasLeader = hasLeader;
        _time = time;
        Refresh();
    }

    public HealthServiceImpl Service { get; } = new();

    /// <summary>Keeps it true until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
        {
            Refresh();
        }
    }

    private void Refresh()
    {
        (bool IsReady, bool HasLeader) now = (_isReady(), _hasLeader?.Invoke() ?? false);
        if (now == _told)
        {
            return;
        }

        _told = now;
        Service.SetStatus("", StatusOf(now.IsReady));
        if (_hasLeader is not null)
        {
            Service.SetStatus(Manager, StatusOf(now.HasLeader));
        }
    }

    private static ServingStatus StatusOf(bool isServing) => isServing ? ServingStatus.Serving : ServingStatus.NotServing;
}
