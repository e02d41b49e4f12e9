using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skep.Host.Metrics;

namespace Skep.Host.Tests.Metrics;

/// <summary>Metrics and traces arrive at a collector.</summary>
public sealed class OtlpExportTests
{
    [Theory]
    [InlineData("http/protobuf", "/v1/metrics", "/v1/traces")]
    [InlineData("grpc", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
    public async Task A_collector_receives_metrics_and_traces_when_the_environment_names_it(string protocol, string metrics, string spans)
    {
        Assert.False(OtlpExport.IsWanted);
        var received = new ConcurrentDictionary<string, string>();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0, l => l.Protocols = protocol == "grpc" ? HttpProtocols.Http2 : HttpProtocols.Http1));
        await using WebApplication collector = builder.Build();
        collector.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received[http.Request.Path.Value!] = Encoding.Latin1.GetString(body.ToArray());
            if (protocol == "grpc")
            {
                // An empty answer, and that all went well.
                http.Response.ContentType = "application/grpc";
                http.Response.DeclareTrailer("grpc-status");
                await http.Response.Body.WriteAsync(new byte[5]);
                http.Response.AppendTrailer("grpc-status", "0");
            }
        });
        await collector.StartAsync();
        try
        {
            Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First());
            Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
            Environment.SetEnvironmentVariable("OTEL_RESOURCE_ATTRIBUTES", "site=lab");
            Assert.True(OtlpExport.IsWanted);
            using var meter = new Meter("Skep.Test.Otlp");
            using var traces = new ActivitySource("Skep.Test.Otlp");
            using (new OtlpExport("1.2.3"))
            {
                meter.CreateCounter<long>("skep.test.told").Add(1);
                using (traces.StartActivity("a span told"))
                {
                }
            }

            Assert.Contains("skep.test.told", received[metrics]);
            Assert.Contains("a span told", received[spans]);
            Assert.All(received.Values, body => Assert.True(body.Contains("skepd") && body.Contains("1.2.3") && body.Contains("lab")));
        }
        finally
        {
            foreach (string name in new[] { "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_RESOURCE_ATTRIBUTES" })
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
