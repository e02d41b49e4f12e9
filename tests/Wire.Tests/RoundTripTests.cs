using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skep.Model;
using Skep.Rpc.Tests.Mapping;
using Skep.Wire.Mapping;

namespace Skep.Wire.Tests;

/// <summary>Everything a user can ask for survives JSON. A property added to Model fails here until it is mapped.</summary>
public sealed class RoundTripTests
{
    private const int Rounds = 100;

    [Fact]
    public void Every_service_spec_survives() => ForEach<ServiceSpec>(spec =>
    {
        ServiceSpec possible = Possible(spec);
        Assert.Equal(possible, Again(possible.ToWire(), WireJson.Default.WireServiceSpec).ToModel());
    });

    [Fact]
    public void Every_node_spec_survives() => ForEach<NodeSpec>(spec => Assert.Equal(spec, Again(spec.ToWire(), WireJson.Default.WireNodeSpec).ToModel()));

    [Fact]
    public void Every_network_spec_survives() => ForEach<NetworkSpec>(spec => Assert.Equal(spec, Again(spec.ToCreate(), WireJson.Default.WireNetworkCreate).ToModel()));

    [Fact]
    public void Every_secret_spec_survives_as_a_request() => ForEach<SecretSpec>(spec => Assert.Equal(spec, Again(spec.ToRequest(), WireJson.Default.WireSecretSpec).ToModel()));

    [Fact]
    public void Every_config_spec_survives() => ForEach<ConfigSpec>(spec => Assert.Equal(spec, Again(spec.ToWire(), WireJson.Default.WireConfigSpec).ToModel()));

    [Fact]
    public void Every_cluster_spec_survives_on_top_of_any_other() => ForEach<ClusterSpec>(spec =>
        Assert.Equal(Whole(spec), Again(Whole(spec).ToWire(), WireJson.Default.WireSwarmSpec).ToModel(ClusterSpec.Default)));

    [Fact]
    public void Answers_never_carry_a_secrets_data() => ForEach<Secret>(secret =>
    {
        string json = JsonSerializer.Serialize(secret.ToWire(), WireJson.Default.WireSecret);

        Assert.DoesNotContain("Data", json, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(secret.Spec.Data.Reveal()), json, StringComparison.Ordinal);
    });

    [Fact]
    public void Answers_never_carry_registry_credentials() => ForEach<ServiceSpec>(spec =>
    {
        byte[] auth = "{\"username\":\"u\",\"password\":\"hunter2\"}"u8.ToArray();
        ServiceSpec secretive = Possible(spec) with
        {
            Task = Possible(spec).Task with { Container = Possible(spec).Task.Container with { RegistryAuth = SensitiveBytes.From(auth) } },
        };
        string json = JsonSerializer.Serialize(secretive.ToWire(), WireJson.Default.WireServiceSpec);

        Assert.DoesNotContain("hunter2", json, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(auth), json, StringComparison.Ordinal);
    });

    private static void ForEach<T>(Action<T> check)
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            check(new ModelGenerator(new Random(seed), sparse: false).Make<T>());
        }
    }

    private static T Again<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(value, type), type)!;

    /// <summary>The generator knows no ranges: ports are 16 bits, a named resource is one piece, milliseconds of a year fit into nanoseconds.</summary>
    private static ServiceSpec Possible(ServiceSpec spec) => spec with
    {
        Task = spec.Task with
        {
            Container = spec.Task.Container with { RegistryAuth = SensitiveBytes.Empty },
            Limits = Possible(spec.Task.Limits),
            Reservations = Possible(spec.Task.Reservations),
        },
        Endpoint = spec.Endpoint is { } endpoint
            ? endpoint with { Ports = endpoint.Ports.Select(p => p with { TargetPort = p.TargetPort & 0xffff, PublishedPort = p.PublishedPort & 0xffff }).ToValueList() }
            : null,
    };

    private static Resources? Possible(Resources? resources)
        => resources is null ? null : resources with { Generic = resources.Generic.Select(g => g.NamedValue is null ? g : g with { Count = 1 }).ToValueList() };

    private static ClusterSpec Whole(ClusterSpec spec) => spec;
}
