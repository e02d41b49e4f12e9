using System.Text.Json.Nodes;
using Skep.Model;

namespace Skep.Api.Tests;

/// <summary>A stack is rehearsed over HTTP: refused for what the first failing request would be, and nothing changes.</summary>
public sealed class StackCheckTests
{
    private const string Network = """{"Name":"app_default","Driver":"overlay","Labels":{"com.docker.stack.namespace":"app"}}""";
    private const string Secret = """{"Name":"app_key","Labels":{"com.docker.stack.namespace":"app"},"Data":"aHVudGVyMg=="}""";
    private const string Config = """{"Name":"app_conf","Labels":{"com.docker.stack.namespace":"app"},"Data":"aHVudGVyMg=="}""";

    [Fact]
    public async Task A_good_stack_passes_changes_nothing_and_then_deploys()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        ulong before = server.Manager.Store.View().Index;
        string web = Service("web", port: 80, more: ""","ContainerSpec":{"Image":"nginx","Secrets":[{"SecretName":"app_key","File":{"Name":"k"}}],"Configs":[{"ConfigName":"app_conf","File":{"Name":"/c"}}]}""");

        (int status, JsonNode? body) = await CheckAsync(server, [Network], [Secret], [Config], [Service("api", 81), web]);

        Assert.Equal((200, null), (status, body?.ToJsonString()));
        Assert.Equal(before, server.Manager.Store.View().Index);
        Assert.True((bool)(await server.GetAsync("/info")).Body!["ChecksStacks"]!);

        Assert.Equal(201, (await server.PostAsync("/networks/create", Network)).Status);
        string secret = (string)(await server.PostAsync("/secrets/create", Secret)).Body!["ID"]!;
        string config = (string)(await server.PostAsync("/configs/create", Config)).Body!["ID"]!;
        Assert.Equal(201, (await server.PostAsync("/services/create", Service("api", 81))).Status);
        Assert.Equal(201, (await server.PostAsync("/services/create", web
            .Replace("\"SecretName\"", $"\"SecretID\":\"{secret}\",\"SecretName\"", StringComparison.Ordinal)
            .Replace("\"ConfigName\"", $"\"ConfigID\":\"{config}\",\"ConfigName\"", StringComparison.Ordinal))).Status);
        Assert.Equal(200, (await CheckAsync(server, [Network], [Secret], [Config], [Service("api", 81), web])).Status);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_the_service_that_wants_it()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        string holder = (string)(await server.PostAsync("/services/create", """{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"nginx"}},"EndpointSpec":{"Ports":[{"TargetPort":80,"PublishedPort":80}]}}""")).Body!["ID"]!;

        await RefusesAsync(server, 400, $"failed to create service app_web: port '80' is already in use by service 'web' ({holder}) as an ingress port", [Network], [Service("api", 81), Service("web", 80)]);
    }

    [Fact]
    public async Task Two_services_of_a_stack_cannot_publish_one_port()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        ulong before = server.Manager.Store.View().Index;

        (int status, JsonNode? body) = await CheckAsync(server, [Network], [], [], [Service("a", 80), Service("b", 80)]);

        Assert.Equal(400, status);
        Assert.StartsWith("failed to create service app_b: port '80' is already in use by service 'app_a'", (string)body!["message"]!, StringComparison.Ordinal);
        Assert.Equal(before, server.Manager.Store.View().Index);
    }

    [Theory]
    [InlineData("""{"UpdateConfig":{"FailureAction":"explode"}}""", 400, "unrecognized update failure action explode")]
    [InlineData("""{"RollbackConfig":{"FailureAction":"explode"}}""", 400, "unrecognized update failure action explode")]
    [InlineData("""{"EndpointSpec":{"Ports":[{"TargetPort":80,"PublishMode":"sideways"}]}}""", 400, "invalid publish mode: \"sideways\"")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{"Image":"nginx"},"Placement":{"Constraints":["node.rule==manager"]}}}""", 400, null)]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{"Image":"nginx","Secrets":[{"SecretID":"gone","SecretName":"elsewhere","File":{"Name":"k"}}]}}}""", 400, "secret not found: elsewhere")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{"Image":"nginx","Configs":[{"ConfigID":"gone","ConfigName":"elsewhere","File":{"Name":"/k"}}]}}}""", 400, "config not found: elsewhere")]
    [InlineData("""{"TaskTemplate":{"ContainerSpec":{"Image":"nginx"},"Networks":[{"Target":"nowhere"}]}}""", 404, "network nowhere not found")]
    public async Task A_second_service_that_is_wrong_is_refused_as_its_request_would_be(string wrong, int status, string? says)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        JsonObject spec = JsonNode.Parse(Service("web", 80))!.AsObject();
        foreach ((string key, JsonNode? value) in JsonNode.Parse(wrong)!.AsObject())
        {
            spec[key] = value!.DeepClone();
        }

        ulong before = server.Manager.Store.View().Index;
        (int answered, JsonNode? body) = await CheckAsync(server, [Network], [], [], [Service("api", 81), spec.ToJsonString()]);
        await server.PostAsync("/networks/create", Network);
        string alone = (string)(await server.PostAsync("/services/create", spec.ToJsonString())).Body!["message"]!;

        Assert.Equal((status, $"failed to create service app_web: {says ?? alone}"), (answered, (string)body!["message"]!));
        Assert.Equal($"failed to create service app_web: {alone}", (string)body!["message"]!);
        Assert.Equal(before + 1, server.Manager.Store.View().Index); // The network, made afterwards.
    }

    [Fact]
    public async Task A_secret_that_is_nowhere_is_named()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        string web = Service("web", 80, ""","ContainerSpec":{"Image":"nginx","Secrets":[{"SecretName":"elsewhere","File":{"Name":"k"}}]}""");

        await RefusesAsync(server, 400, "failed to create service app_web: secret not found: elsewhere", [Network], [web]);
    }

    [Fact]
    public async Task A_subnet_that_is_taken_is_told_with_the_network_that_wants_it()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/networks/create", """{"Name":"net","Driver":"overlay","IPAM":{"Config":[{"Subnet":"10.9.0.0/24"}]}}""");

        await RefusesAsync(
            server,
            400,
            "failed to create network app_net: invalid pool request: Pool overlaps with other one on this address space: 10.9.0.0/16 and 10.9.0.0/24 of network net",
            [Network, """{"Name":"app_net","Driver":"overlay","IPAM":{"Config":[{"Subnet":"10.9.0.0/16"}]}}"""],
            []);
    }

    [Fact]
    public async Task What_is_there_and_not_the_stacks_is_in_the_way()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/networks/create", """{"Name":"app_default","Driver":"overlay"}""");
        await RefusesAsync(server, 409, "failed to create network app_default: network with name app_default already exists", [Network], []);

        await server.PostAsync("/services/create", """{"Name":"app_web","TaskTemplate":{"ContainerSpec":{"Image":"nginx"}}}""");
        await RefusesAsync(server, 409, "failed to create service app_web: name conflicts with an existing object: service app_web already exists", [], [Service("web", 80)]);
    }

    [Fact]
    public async Task What_cannot_be_changed_is_told()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/networks/create", Network);
        await server.PostAsync("/secrets/create", Secret);
        await server.PostAsync("/services/create", Service("web", 80));

        await RefusesAsync(server, 501, "failed to update service app_web: service mode change is not allowed", [Network], [Service("web", 80).Replace("\"Labels\"", "\"Mode\":{\"Global\":{}},\"Labels\"", StringComparison.Ordinal)]);
        (int status, JsonNode? body) = await CheckAsync(server, [], [Secret.Replace("aHVudGVyMg==", "aHVudGVyMw==", StringComparison.Ordinal)], [], []);
        Assert.Equal((400, "failed to update secret app_key: only updates to Labels are allowed"), (status, (string)body!["message"]!));
    }

    [Fact]
    public async Task Ports_of_pruned_services_are_free()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/networks/create", Network);
        string old = (string)(await server.PostAsync("/services/create", Service("old", 80))).Body!["ID"]!;

        await RefusesAsync(server, 400, $"failed to create service app_web: port '80' is already in use by service 'app_old' ({old}) as an ingress port", [Network], [Service("web", 80)]);
        Assert.Equal(200, (await CheckAsync(server, [Network], [], [], [Service("web", 80)], prune: true)).Status);
        Assert.NotNull(server.Manager.Service("app_old"));
    }

    [Fact]
    public async Task Only_managers_can_tell()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        server.Control = null;
        server.Swarm = new SwarmState(LocalNodeState.Active) { Node = new NodeId("w1") };

        Assert.Equal(503, (await CheckAsync(server, [], [], [], [])).Status);
    }

    private static string Service(string key, int port, string more = ""","ContainerSpec":{"Image":"nginx"}""") => $$$"""
        {"Name":"app_{{{key}}}","Labels":{"com.docker.stack.namespace":"app"},"TaskTemplate":{"Networks":[{"Target":"app_default","Aliases":["{{{key}}}"]}]{{{more}}}},
         "EndpointSpec":{"Ports":[{"TargetPort":80,"PublishedPort":{{{port}}}}]}}
        """;

    private static Task<(int Status, JsonNode? Body)> CheckAsync(ApiHarness server, string[] networks, string[] secrets, string[] configs, string[] services, bool prune = false)
        => server.PostAsync("/v1.50/stacks/app/check", $$"""
            {"Prune":{{(prune ? "true" : "false")}},"Networks":[{{string.Join(',', networks)}}],"Secrets":[{{string.Join(',', secrets)}}],"Configs":[{{string.Join(',', configs)}}],"Services":[{{string.Join(',', services)}}]}
            """);

    private static async Task RefusesAsync(ApiHarness server, int status, string message, string[] networks, string[] services)
    {
        ulong before = server.Manager.Store.View().Index;
        (int answered, JsonNode? body) = await CheckAsync(server, networks, [], [], services);
        Assert.Equal((status, message), (answered, (string?)body?["message"]));
        Assert.Equal(before, server.Manager.Store.View().Index);
    }
}
