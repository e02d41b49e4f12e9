using System.Text.Json.Nodes;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Api.Tests;

/// <summary>The cluster half over HTTP.</summary>
public sealed class ClusterHalfTests
{
    private const string Web = """{"Name":"web","Labels":{"tier":"front"},"TaskTemplate":{"ContainerSpec":{"Image":"nginx"}},"Mode":{"Replicated":{"Replicas":2}},"EndpointSpec":{"Ports":[{"TargetPort":80,"PublishedPort":8080}]}}""";

    [Fact]
    public async Task A_service_lives_through_the_API()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        (int created, JsonNode? made) = await server.PostAsync("/v1.50/services/create", Web);
        Assert.Equal(201, created);
        string id = (string)made!["ID"]!;

        JsonNode service = (await server.GetAsync("/services/web")).Body!;
        ulong version = (ulong)service["Version"]!["Index"]!;
        JsonNode spec = service["Spec"]!;
        spec["Mode"]!["Replicated"]!["Replicas"] = 5;
        Assert.Equal(200, (await server.PostAsync($"/services/{id}/update?version={version}", spec.ToJsonString())).Status);

        (int stale, JsonNode? refused) = await server.PostAsync($"/services/{id}/update?version={version}", spec.ToJsonString());
        Assert.Equal((500, "update out of sequence"), (stale, (string)refused!["message"]!));
        (int missing, refused) = await server.PostAsync($"/services/{id}/update", spec.ToJsonString());
        Assert.Equal(400, missing);
        Assert.StartsWith("invalid service version ''", (string)refused!["message"]!, StringComparison.Ordinal);

        JsonNode updated = (await server.GetAsync($"/services/{id}")).Body!;
        Assert.Equal(5, (int)updated["Spec"]!["Mode"]!["Replicated"]!["Replicas"]!);
        Assert.Equal(2, (int)updated["PreviousSpec"]!["Mode"]!["Replicated"]!["Replicas"]!);

        Assert.Equal(200, (await server.PostAsync($"/services/{id}/update?version={updated["Version"]!["Index"]}&rollback=previous", spec.ToJsonString())).Status);
        JsonNode rolledBack = (await server.GetAsync($"/services/{id}")).Body!;
        Assert.Equal(2, (int)rolledBack["Spec"]!["Mode"]!["Replicated"]!["Replicas"]!);
        Assert.Equal("rollback_started", (string)rolledBack["UpdateStatus"]!["State"]!);

        Assert.Equal(409, (await server.PostAsync("/services/create", Web)).Status);
        Assert.Equal(200, (await server.DeleteAsync($"/services/{id}")).Status);
        Assert.Equal(404, (await server.GetAsync($"/services/{id}")).Status);
    }

    [Fact]
    public async Task A_port_that_a_program_of_a_node_has_is_told_of_the_service_and_of_its_task_there()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        ServiceId web = new((string)(await server.PostAsync("/services/create", Web)).Body!["ID"]!);
        Node holder = await server.Manager.AddNodeAsync("n1", NodeRole.Worker), other = await server.Manager.AddNodeAsync("n2", NodeRole.Worker);
        await server.Manager.CommitAsync(
        [
            new StoreChange.Update(holder with { Description = holder.Description! with { HeldPorts = ["22/tcp", "8080/tcp"] } }),
            .. new[] { ("t1", holder), ("t2", other) }.Select(t => new StoreChange.Create(new SwarmTask(new TaskId(t.Item1), web, 1)
            {
                Spec = OneManager.Web("web").Task,
                ServiceAnnotations = new Annotations("web"),
                Node = t.Item2.Id,
                Status = new SwarmTaskStatus(TaskState.Running, DateTimeOffset.UnixEpoch),
            })),
        ]);

        Assert.Equal($"port 8080/tcp is held by a program of node {holder.Hostname} and is not published there", (string?)(await server.GetAsync("/services/web")).Body!["Trouble"]);
        Assert.Equal("port 8080/tcp is held by a program of this node and is not published here", (string?)(await server.GetAsync("/tasks/t1")).Body!["Status"]!["Err"]);
        Assert.Null((string?)(await server.GetAsync("/tasks/t2")).Body!["Status"]!["Err"]);
    }

    [Fact]
    public async Task Defaults_appear_only_when_asked_for()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/services/create", """{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"nginx"}}}""");

        JsonNode plain = (await server.GetAsync("/services/web")).Body!["Spec"]!;
        JsonNode filled = (await server.GetAsync("/services/web?insertDefaults=true")).Body!["Spec"]!;

        Assert.Null(plain["UpdateConfig"]);
        Assert.Null(plain["TaskTemplate"]!["RestartPolicy"]);
        Assert.Equal("""{"Parallelism":1,"FailureAction":"pause","Monitor":5000000000,"MaxFailureRatio":0,"Order":"stop-first"}""", filled["UpdateConfig"]!.ToJsonString());
        Assert.Equal("""{"Condition":"any","Delay":5000000000,"MaxAttempts":0}""", filled["TaskTemplate"]!["RestartPolicy"]!.ToJsonString());
        Assert.Equal(10_000_000_000, (long)filled["TaskTemplate"]!["ContainerSpec"]!["StopGracePeriod"]!);
    }

    [Fact]
    public async Task Lists_count_tasks_when_asked_and_know_which_are_up_to_date()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        string id = (string)(await server.PostAsync("/services/create", Web)).Body!["ID"]!;
        Service service = server.Manager.Service("web");
        await server.Manager.CommitAsync(
        [
            new StoreChange.Create(Task(server, service, "t1", TaskState.Running, service.Spec.Task)),
            new StoreChange.Create(Task(server, service, "t2", TaskState.Starting, service.Spec.Task with { ForceUpdate = 7 }) with { SpecVersion = new ObjectVersion(999) }),
        ]);

        Assert.Null((await server.GetAsync("/services")).Body![0]!["ServiceStatus"]);
        JsonNode status = (await server.GetAsync("/services?status=true")).Body![0]!["ServiceStatus"]!;
        Assert.Equal("""{"RunningTasks":1,"DesiredTasks":2,"CompletedTasks":0}""", status.ToJsonString());
        Assert.Equal(["t1"], await TasksAsync(server, $$$"""{"_up-to-date":{"true":true},"service":{"{{{id}}}":true}}"""));
        Assert.Equal(["t2"], await TasksAsync(server, """{"_up-to-date":{"false":true},"service":{"web":true}}"""));
        Assert.Equal(["t1", "t2"], await TasksAsync(server, """{"node":{"m1":true},"desired-state":{"running":true}}"""));
        Assert.Equal(["t1"], await TasksAsync(server, """{"name":{"web.1.t1":true}}"""));
        Assert.Equal(["t1", "t2"], await TasksAsync(server, """{"label":{"tier=front":true}}"""));
        Assert.Equal(404, (await server.GetAsync($"/tasks?filters={Uri.EscapeDataString("""{"service":{"ghost":true}}""")}")).Status);
    }

    [Fact]
    public async Task Secrets_never_come_back_and_configs_do()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/secrets/create", """{"Name":"key","Data":"aHVudGVyMg=="}""");
        await server.PostAsync("/configs/create", """{"Name":"conf","Data":"aHVudGVyMg=="}""");

        Assert.DoesNotContain("aHVudGVyMg", (await server.GetAsync("/secrets/key")).Body!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("aHVudGVyMg==", (string)(await server.GetAsync("/configs/conf")).Body!["Spec"]!["Data"]!);
        Assert.Equal(204, (await server.DeleteAsync("/secrets/key")).Status);
        Assert.Equal(204, (await server.DeleteAsync("/configs/conf")).Status);
    }

    [Fact]
    public async Task Registry_credentials_are_kept_and_never_shown()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/services/create") { Content = new StringContent(Web, null, "application/json") };
        request.Headers.Add("X-Registry-Auth", Convert.ToBase64String("""{"username":"u","password":"hunter2"}"""u8).Replace('+', '-').Replace('/', '_'));
        using HttpResponseMessage answer = await server.Http.SendAsync(request);

        Assert.Equal(201, (int)answer.StatusCode);
        Assert.True(server.Manager.Service("web").Spec.Task.Container.RegistryAuth.Length > 0);
        Assert.DoesNotContain("hunter2", (await server.GetAsync("/services/web")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_of_node_and_cluster_are_listed_together()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        (int status, JsonNode? made) = await server.PostAsync("/networks/create", """{"Name":"net","Driver":"overlay","Attachable":true,"IPAM":{"Config":[{"Subnet":"10.9.0.0/24"}]}}""");
        Assert.Equal(201, status);

        JsonArray all = (await server.GetAsync("/networks")).Body!.AsArray();
        Assert.Equal(["bridge", "docker_gwbridge", "host", "ingress", "net", "none"], all.Select(n => (string)n!["Name"]!).Order(StringComparer.Ordinal));
        JsonNode inspected = (await server.GetAsync("/networks/net?scope=swarm&verbose=true")).Body!;
        Assert.Equal((string)made!["Id"]!, (string)inspected["Id"]!);
        Assert.Equal("swarm", (string)inspected["Scope"]!);
        Assert.Equal("10.9.0.0/24", (string)inspected["IPAM"]!["Config"]![0]!["Subnet"]!);
        Assert.Equal("swarm", (string)(await server.GetAsync("/networks/host?scope=swarm")).Body!["Scope"]!);
        Assert.Equal("local", (string)(await server.GetAsync("/networks/host")).Body!["Scope"]!);
        Assert.Equal(403, (await server.DeleteAsync("/networks/bridge")).Status);
        Assert.Equal(403, (await server.DeleteAsync("/networks/docker_gwbridge")).Status);
        Assert.Equal(409, (await server.PostAsync("/networks/create", """{"Name":"net","Driver":"bridge"}""")).Status);
        Assert.Equal(204, (await server.DeleteAsync("/networks/net")).Status);

        await server.PostAsync("/networks/create", """{"Name":"idle","Driver":"overlay"}""");
        Assert.Equal("""{"NetworksDeleted":["idle"]}""", (await server.PostAsync("/networks/prune")).Body!.ToJsonString());
    }

    [Fact]
    public async Task Nodes_show_who_leads()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.Manager.AddNodeAsync("w1", NodeRole.Worker);

        JsonArray nodes = (await server.GetAsync("/nodes")).Body!.AsArray();
        JsonNode first = (await server.GetAsync("/nodes/m1")).Body!;

        Assert.Equal(2, nodes.Count);
        Assert.True((bool)first["ManagerStatus"]!["Leader"]!);
        Assert.Equal("reachable", (string)first["ManagerStatus"]!["Reachability"]!);
        Assert.Single((await server.GetAsync($"/nodes?filters={Uri.EscapeDataString("""{"role":{"worker":true}}""")}")).Body!.AsArray());
        Assert.Equal(400, (await server.DeleteAsync("/nodes/m1?force=1")).Status);
    }

    [Fact]
    public async Task Info_and_swarm_describe_the_cluster()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();

        JsonNode info = (await server.GetAsync("/info")).Body!;
        JsonNode swarm = (await server.GetAsync("/swarm")).Body!;

        Assert.True((bool)info["Swarm"]!["ControlAvailable"]!);
        Assert.Equal("active", (string)info["Swarm"]!["LocalNodeState"]!);
        Assert.Null(info["Swarm"]!["Cluster"]!["JoinTokens"]);
        Assert.StartsWith("SWMTKN-1-", (string)swarm["JoinTokens"]!["Worker"]!, StringComparison.Ordinal);
        Assert.Contains("BEGIN CERTIFICATE", (string)swarm["TLSInfo"]!["TrustRoot"]!, StringComparison.Ordinal);
        Assert.Equal("""{"UnlockKey":""}""", (await server.GetAsync("/swarm/unlockkey")).Body!.ToJsonString());
    }

    [Fact]
    public async Task Info_tells_the_labels_and_registries_that_the_daemon_was_given()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();

        JsonNode info = (await server.GetAsync("/info")).Body!;

        Assert.Equal("""["disk=ssd"]""", info["Labels"]!.ToJsonString());
        Assert.Equal("""["::1/128","127.0.0.0/8","10.1.0.0/16"]""", info["RegistryConfig"]!["InsecureRegistryCIDRs"]!.ToJsonString());
        Assert.Equal(
            """{"docker.io":{"Name":"docker.io","Mirrors":["http://mirror.example/"],"Secure":true,"Official":true},"registry.example:5000":{"Name":"registry.example:5000","Mirrors":[],"Secure":false,"Official":false}}""",
            info["RegistryConfig"]!["IndexConfigs"]!.ToJsonString());
    }

    [Fact]
    public async Task Init_join_and_leave_reach_the_node()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        Assert.Equal(503, (await server.PostAsync("/swarm/init", "{}")).Status);
        server.Swarm = new SwarmState(LocalNodeState.Inactive);

        (int status, JsonNode? node) = await server.PostAsync(
            "/swarm/init",
            """{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"10.0.0.1","Spec":{"Orchestration":{"TaskHistoryRetentionLimit":2}},"Availability":"drain","DefaultAddrPool":["10.20.0.0/16"],"SubnetSize":26}""");
        Assert.Equal((200, server.Manager.Self.Value), (status, (string)node!));
        await server.PostAsync("/swarm/join", """{"RemoteAddrs":["10.0.0.1:2377"],"JoinToken":"SWMTKN-1-x"}""");
        await server.PostAsync("/swarm/leave?force=1");

        var init = Assert.IsType<SwarmInit>(server.LifecycleCalls[0]);
        Assert.Equal((NodeAvailability.Drain, 26, 2L), (init.Availability, init.SubnetSize, init.Spec.TaskHistoryLimit));
        Assert.Equal("10.20.0.0/16", Assert.Single(init.AddressPools).ToString());
        Assert.Equal("SWMTKN-1-x"u8.ToArray(), Assert.IsType<SwarmJoin>(server.LifecycleCalls[1]).Token.Reveal().ToArray());
        Assert.Equal(true, server.LifecycleCalls[2]);
        await server.PostAsync("/swarm/init", """{"AutoLockManagers":true}""");
        Assert.True(Assert.IsType<SwarmInit>(server.LifecycleCalls[3]).Spec.AutoLockManagers);
        Assert.Equal(400, (await server.PostAsync("/swarm/init", """{"DataPathPort":80}""")).Status);
        Assert.Equal(200, (await server.PostAsync("/swarm/rejoin?advertiseAddr=10.0.0.7")).Status);
        Assert.Equal("10.0.0.7", server.LifecycleCalls[^1]);
    }

    [Fact]
    public async Task Unlocking_answers_as_docker_does()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        const string Key = "SWMKEY-1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

        (int status, JsonNode? body) = await server.PostAsync("/swarm/unlock", $$"""{"UnlockKey":"{{Key}}"}""");
        Assert.Equal((409, "swarm is not locked"), (status, (string)body!["message"]!));
        server.Control = null;
        server.Swarm = new SwarmState(LocalNodeState.Inactive);
        Assert.Equal(503, (await server.PostAsync("/swarm/unlock", $$"""{"UnlockKey":"{{Key}}"}""")).Status);
        server.Swarm = new SwarmState(LocalNodeState.Locked);
        (status, body) = await server.PostAsync("/swarm/unlock", """{"UnlockKey":"swordfish"}""");
        Assert.Equal(400, status);
        Assert.StartsWith("invalid string key", (string)body!["message"]!, StringComparison.Ordinal);
        Assert.Equal(200, (await server.PostAsync("/swarm/unlock", $$"""{"UnlockKey":" {{Key}} "}""")).Status);
        Assert.Equal(Key, System.Text.Encoding.ASCII.GetString(Assert.IsType<SensitiveBytes>(Assert.Single(server.LifecycleCalls)).Reveal()));
        Assert.Equal("locked", (string)(await server.GetAsync("/info")).Body!["Swarm"]!["LocalNodeState"]!);
    }

    private static SwarmTask Task(ApiHarness server, Service service, string id, TaskState state, TaskSpec spec) => new(new TaskId(id), service.Id, 1)
    {
        Node = server.Manager.Self,
        Spec = spec,
        SpecVersion = service.SpecVersion,
        ServiceAnnotations = service.Spec.Annotations,
        Status = new SwarmTaskStatus(state, server.Manager.Time.GetUtcNow()),
    };

    private static async Task<string[]> TasksAsync(ApiHarness server, string filters)
        => [.. (await server.GetAsync($"/tasks?filters={Uri.EscapeDataString(filters)}")).Body!.AsArray().Select(t => (string)t!["ID"]!).Order(StringComparer.Ordinal)];
}
