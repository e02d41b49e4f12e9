using System.Text.Json;
using Skep.Model;
using Skep.Wire.Mapping;

namespace Skep.Wire.Tests;

public sealed class WireShapeTests
{
    [Theory]
    [InlineData("2026-03-04T05:06:07.123456789Z", "2026-03-04T05:06:07.1234567Z")]
    [InlineData("2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z")]
    [InlineData("2026-03-04T07:06:07.5+02:00", "2026-03-04T05:06:07.5Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    public void Times_are_read_as_Go_writes_them(string read, string written)
    {
        Assert.True(WireTime.TryRead(read, out DateTimeOffset time));
        Assert.Equal(written, WireTime.Write(time));
    }

    [Fact]
    public void Numbers_and_truths_that_are_null_are_zero_and_those_that_may_be_missing_stay_missing()
    {
        WireServiceSpec spec = JsonSerializer.Deserialize(
            """{"Name":"web","TaskTemplate":{"ForceUpdate":null,"ContainerSpec":{"Image":"a","Init":null,"TTY":null,"Healthcheck":{"Test":["NONE"],"Interval":null,"Retries":null}}}}""",
            WireJson.Default.WireServiceSpec)!;
        Assert.Equal(0, spec.TaskTemplate!.ContainerSpec!.Healthcheck!.Interval);
        Assert.Null(spec.TaskTemplate.ContainerSpec.Init);
        Assert.DoesNotContain("Retries", JsonSerializer.Serialize(new WireServiceSpec(), WireJson.Default.WireServiceSpec));
    }

    [Fact]
    public void Log_times_have_nine_digits()
        => Assert.Equal("2026-03-04T05:06:07.500000000Z", WireTime.WriteNanoseconds(new DateTimeOffset(2026, 3, 4, 5, 6, 7, 500, TimeSpan.Zero)));

    [Fact]
    public void A_plain_service_is_written_as_Docker_writes_it()
    {
        var spec = new ServiceSpec(new Annotations("web")) { Task = new TaskSpec { Container = new ContainerSpec("nginx") } };

        Assert.Equal(
            """{"Name":"web","Labels":{},"TaskTemplate":{"ContainerSpec":{"Image":"nginx"},"Placement":{},"ForceUpdate":0,"Runtime":"container"},"Mode":{"Replicated":{"Replicas":1}}}""",
            JsonSerializer.Serialize(spec.ToWire(), WireJson.Default.WireServiceSpec));
    }

    [Fact]
    public void Field_names_match_in_any_case_and_unknown_fields_are_ignored()
    {
        WireServiceSpec spec = JsonSerializer.Deserialize("""{"name":"x","Novelty":1,"taskTemplate":{"containerSpec":{"HealthCheck":{"Retries":3}}}}""", WireJson.Default.WireServiceSpec)!;

        Assert.Equal("x", spec.Name);
        Assert.Equal(3, spec.TaskTemplate!.ContainerSpec!.Healthcheck!.Retries);
    }

    [Fact]
    public void Objects_that_say_nothing_do_not_make_two_specs_differ()
    {
        ServiceSpec bare = Read("""{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}}}""");
        ServiceSpec wordy = Read(
            """{"Name":"x","Labels":null,"TaskTemplate":{"ContainerSpec":{"Image":"a","DNSConfig":{},"Privileges":{"CredentialSpec":null,"NoNewPrivileges":false}},"Resources":{"Limits":{},"Reservations":{}},"Placement":{}}}""");

        Assert.Equal(bare, wordy);
    }

    [Theory]
    [InlineData("""{"TaskTemplate":{}}""", "ContainerSpec is required")]
    [InlineData("""{"TaskTemplate":{"Runtime":"plugin"}}""", "unsupported runtime")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{}},"Mode":{"Global":{},"Replicated":{}}}""", "only one service mode")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{}},"UpdateConfig":{"FailureAction":"explode"}}""", "unrecognized update failure action explode")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{"Mounts":[{"Type":"bind","BindOptions":{"ReadOnlyForceRecursive":true}}]}}}""", "not supported")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{}},"EndpointSpec":{"Ports":[{"TargetPort":70000}]}}""", "out of range")]
    public void What_cannot_be_obeyed_is_refused(string json, string says)
        => Assert.Contains(says, Assert.Throws<ClusterException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_a_cluster_update_does_not_name_stays()
    {
        ClusterSpec present = ClusterSpec.Default with { TaskHistoryLimit = 9, CertificateLifetime = TimeSpan.FromDays(3) };

        ClusterSpec updated = new WireSwarmSpec { Dispatcher = new WireDispatcher { HeartbeatPeriod = 2_000_000_000 } }.ToModel(present);

        Assert.Equal(present with { HeartbeatPeriod = TimeSpan.FromSeconds(2) }, updated);
    }

    private static ServiceSpec Read(string json) => JsonSerializer.Deserialize(json, WireJson.Default.WireServiceSpec)!.ToModel();
}
