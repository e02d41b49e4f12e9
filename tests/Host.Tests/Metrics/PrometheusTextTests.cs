using System.Diagnostics.Metrics;
using System.Net;
using Skep.Host.Metrics;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Metrics;

/// <summary>What instruments become in Prometheus' text.</summary>
public sealed class PrometheusTextTests
{
    [Fact]
    public async Task Counters_gauges_and_histograms_are_text_that_promtool_accepts()
    {
        using var store = new MetricStore();
        using var meter = new Meter("Skep.Test");
        Counter<long> counter = meter.CreateCounter<long>("skep.test.things", "{thing}", "Things that were.");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a \"quoted\" one"));
        counter.Add(1, new KeyValuePair<string, object?>("kind", "a \"quoted\" one"));
        meter.CreateHistogram("skep.test.duration", "s", "How long.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] }).Record(0.5);
        UpDownCounter<int> open = meter.CreateUpDownCounter<int>("skep.test.open", "{session}", "What is open.");
        open.Add(3);
        open.Add(-1);
        int round = 1;
        meter.CreateObservableGauge("skep.test.seen", () => new Measurement<int>(7, new KeyValuePair<string, object?>("round", round)), "By", "What is there now.");

        _ = store.Text();
        round = 2;
        string text = store.Text();
        Assert.Contains("\nskep_test_things_total{kind=\"a \\\"quoted\\\" one\"} 3\n", text);
        Assert.Contains("# TYPE skep_test_open gauge\nskep_test_open 2\n", text);
        Assert.Contains("skep_test_duration_seconds_bucket{le=\"0.1\"} 0\nskep_test_duration_seconds_bucket{le=\"1\"} 1\nskep_test_duration_seconds_bucket{le=\"+Inf\"} 1\n", text);
        Assert.Contains("skep_test_duration_seconds_sum 0.5\nskep_test_duration_seconds_count 1\n", text);
        Assert.Contains("skep_test_seen_bytes{round=\"2\"} 7\n", text);
        Assert.DoesNotContain("round=\"1\"", text);

        (await Command.RunAsync("promtool", ["check", "metrics"], text, null, TimeSpan.FromSeconds(20))).Succeeded();
    }

    [Theory]
    [InlineData("9323", "127.0.0.1:9323")]
    [InlineData(":9000", "127.0.0.1:9000")]
    [InlineData("0.0.0.0:9323", "0.0.0.0:9323")]
    [InlineData("192.0.2.1", "192.0.2.1:9323")]
    public void A_port_alone_is_the_machines_own(string flag, string address) => Assert.Equal(IPEndPoint.Parse(address), MetricsListener.Parse(flag));

    [Fact]
    public void An_address_that_is_none_is_refused() => Assert.Contains("--metrics-addr", Assert.Throws<Model.ClusterException>(() => MetricsListener.Parse("eth0:x")).Message);

    [Theory]
    [InlineData("no suitable node (scheduling constraints not satisfied on 3 nodes; insufficient resources on 1 node)", "constraints")]
    [InlineData("no suitable node (insufficient resources on 2 nodes)", "resources")]
    [InlineData("no suitable node (max replicas per node limit exceed)", "max_replicas")]
    [InlineData("no suitable node (1 node not available for new tasks)", "node_unavailable")]
    [InlineData("", "not_tried")]
    [InlineData("something new", "other")]
    public void What_keeps_a_task_waiting_has_one_of_few_names(string error, string name) => Assert.Equal(name, PendingReason.Of(error));
}
