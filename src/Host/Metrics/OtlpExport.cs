using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Skep.Host.Metrics;

/// <summary>Sends metrics and traces to a collector, as OpenTelemetry's own environment variables say (endpoint, protocol, headers, sampler …).</summary>
/// <remarks>Source: opentelemetry.io/docs/specs/otel/protocol/exporter. The package reads the variables; its code is loaded only when they are there.</remarks>
internal sealed class OtlpExport : IDisposable
{
    private readonly IDisposable? _metrics;
    private readonly IDisposable? _traces;

    public OtlpExport(string version) => (_metrics, _traces) = Start(version);

    public static bool IsWanted => IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    /// <summary>What was gathered is sent before it returns, with a limit.</summary>
    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (IDisposable? Metrics, IDisposable? Traces) Start(string version)
    {
        bool all = IsSet("OTEL_EXPORTER_OTLP_ENDPOINT");
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("skepd", serviceVersion: version).AddEnvironmentVariableDetector();
        MeterProvider? metrics = all || IsSet("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
            ? Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter("Skep.*").AddMeter("System.Runtime").AddOtlpExporter().Build()
            : null;
        TracerProvider? traces = all || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            ? Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Skep.*").AddOtlpExporter().Build()
            : null;
        return (metrics, traces);
    }

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
