using System.Net;
using Microsoft.AspNetCore.Builder;
using Skep.Api;
using Skep.Host.Node;

namespace Skep.Host.Metrics;

/// <summary>What this daemon tells of itself: Prometheus' text where <c>--metrics-addr</c> says, OTLP where OpenTelemetry's environment variables say. Neither costs anything while off.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly IPEndPoint? _address;
    private readonly MetricStore? _metrics;
    private readonly OtlpExport? _export;
    private readonly TimeProvider _time;
    private NodeMetrics? _gauges;

    /// <summary>Begins to collect; to be called before whatever is measured begins.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the address is none.</exception>
    public Telemetry(string? address, string version, TimeProvider time)
    {
        _time = time;
        _address = string.IsNullOrEmpty(address) ? null : MetricsListener.Parse(address);
        _metrics = _address is null ? null : new MetricStore();
        _export = OtlpExport.IsWanted ? new OtlpExport(version) : null;
    }

    /// <summary>Gauges of the node and, on managers, of the cluster.</summary>
    public void AddGauges(NodeLifecycle node, NodeFacts facts)
    {
        if (_metrics is not null || _export is not null)
        {
            _gauges = new NodeMetrics(node, facts, _time);
        }
    }

    public async Task<WebApplication?> ServeAsync(ConsoleLog log, CancellationToken ct)
        => _address is not null && _metrics is not null ? await MetricsListener.StartAsync(_address, _metrics, log, ct).ConfigureAwait(false) : null;

    public void Dispose()
    {
        _gauges?.Dispose();
        _export?.Dispose();
        _metrics?.Dispose();
    }
}
