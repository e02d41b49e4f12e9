namespace Skep.Cli.Tests;

/// <summary>The small cluster in which the recorded requests of Docker's CLI were made: one of everything.</summary>
internal static class SampleCluster
{
    public const string Stamp = "2026-01-02T03:04:02Z";

    private const string Image = "nginx:latest@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private const string Node = """
        {"ID":"node1node1node1node1node1","Version":{"Index":9},"CreatedAt":"STAMP","UpdatedAt":"STAMP",
         "Spec":{"Labels":{"a":"b"},"Role":"manager","Availability":"active"},
         "Description":{"Hostname":"n1","Platform":{"Architecture":"x86_64","OS":"linux"},"Resources":{"NanoCPUs":2000000000,"MemoryBytes":4294967296},"Engine":{"EngineVersion":"0.1.0"},"TLSInfo":{"TrustRoot":"PEM"}},
         "Status":{"State":"ready","Addr":"10.0.0.1"},"ManagerStatus":{"Leader":true,"Reachability":"reachable","Addr":"10.0.0.1:2377"}}
        """;

    private const string Service = """
        {"ID":"svc1svc1svc1svc1svc1svc1s","Version":{"Index":17},"CreatedAt":"STAMP","UpdatedAt":"STAMP",
         "Spec":{"Name":"web","Labels":{"com.docker.stack.image":"nginx","com.docker.stack.namespace":"stk"},
          "TaskTemplate":{"ContainerSpec":{"Image":"IMAGE"},"ForceUpdate":0,"Runtime":"container"},"Mode":{"Replicated":{"Replicas":1}}},
         "Endpoint":{"Spec":{"Mode":"vip"},"Ports":[{"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"},{"Protocol":"tcp","TargetPort":81,"PublishedPort":8081,"PublishMode":"ingress"},{"Protocol":"udp","TargetPort":53,"PublishedPort":53,"PublishMode":"ingress"},{"Protocol":"tcp","TargetPort":9,"PublishedPort":9,"PublishMode":"host"}]},
         "ServiceStatus":{"RunningTasks":1,"DesiredTasks":1,"CompletedTasks":0}}
        """;

    private const string Task = """
        {"ID":"tsk1tsk1tsk1tsk1tsk1tsk1t","Version":{"Index":20},"CreatedAt":"STAMP","UpdatedAt":"STAMP","Spec":{"ContainerSpec":{"Image":"IMAGE"}},
         "ServiceID":"svc1svc1svc1svc1svc1svc1s","Slot":1,"NodeID":"node1node1node1node1node1","Status":{"Timestamp":"STAMP","State":"running"},"DesiredState":"running"}
        """;

    private const string OldTask = """
        {"ID":"tsk0tsk0tsk0tsk0tsk0tsk0t","Version":{"Index":19},"CreatedAt":"2026-01-02T02:00:00Z","UpdatedAt":"STAMP","Spec":{"ContainerSpec":{"Image":"nginx:1.27"}},
         "ServiceID":"svc1svc1svc1svc1svc1svc1s","Slot":1,"NodeID":"node1node1node1node1node1","DesiredState":"shutdown",
         "Status":{"Timestamp":"2026-01-02T02:04:05Z","State":"failed","Err":"task: non-zero exit (137): killed by the kernel","PortStatus":{"Ports":[{"Protocol":"tcp","TargetPort":9,"PublishedPort":9,"PublishMode":"host"}]}}}
        """;

    private const string Network = """
        {"Name":"net","Id":"net1net1net1net1net1net1n","Created":"STAMP","Scope":"swarm","Driver":"overlay","EnableIPv4":true,"Labels":{"com.example.tier":"front"}}
        """;

    private const string Secret = """
        {"ID":"sec1sec1sec1sec1sec1sec1s","Version":{"Index":5},"CreatedAt":"STAMP","UpdatedAt":"STAMP","Spec":{"Name":"s","Labels":{}}}
        """;

    private const string Volume = """
        {"CreatedAt":"STAMP","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/var/lib/docker/volumes/v/_data","Name":"v","Options":null,"Scope":"local"}
        """;

    private const string Swarm = """
        {"ID":"swm1swm1swm1swm1swm1swm1s","Version":{"Index":11},"CreatedAt":"STAMP","UpdatedAt":"STAMP","JoinTokens":{"Worker":"SWMTKN-1-w","Manager":"SWMTKN-1-m"},
         "Spec":{"Name":"default","Labels":{},"Orchestration":{"TaskHistoryRetentionLimit":5},"Raft":{"SnapshotInterval":10000,"ElectionTick":10,"HeartbeatTick":1},
          "Dispatcher":{"HeartbeatPeriod":5000000000},"CAConfig":{"NodeCertExpiry":7776000000000000},"TaskDefaults":{},"EncryptionConfig":{"AutoLockManagers":false}}}
        """;

    public static FakeAnswer? Answer(SeenRequest request)
    {
        string[] path = request.Path.Trim('/').Split('/');
        string digest = new('d', 64);
        return (request.Method, path) switch
        {
            ("GET", ["info"]) => Ok("""{"Name":"n1","Swarm":{"NodeID":"node1node1node1node1node1","LocalNodeState":"active","ControlAvailable":true}}"""),
            ("GET", ["version"]) => Ok("""{"Version":"0.1.0","ApiVersion":"1.50","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"""),
            ("GET", ["distribution", ..]) => Ok("""{"Descriptor":{"digest":"sha256:DIGEST"},"Platforms":[{"architecture":"amd64","os":"linux"}]}""".Replace("DIGEST", digest, StringComparison.Ordinal)),
            ("GET", ["services"]) => Ok($"[{Service}]"),
            ("GET", ["services", "svc1svc1svc1svc1svc1svc1s" or "web"]) => Ok(Service),
            ("GET", ["services", "web", "logs"]) or ("GET", ["tasks", _, "logs"]) => Logs(request.Query.Contains("details", StringComparison.Ordinal)),
            ("GET", ["tasks"]) => Ok($"[{OldTask},{Task}]"),
            ("GET", ["tasks", _]) => Ok(Task),
            ("GET", ["nodes"]) => Ok($"[{Node}]"),
            ("GET", ["nodes", _]) => Ok(Node),
            ("GET", ["networks"]) => Ok($"[{Network}]"),
            ("GET", ["networks", _]) => Ok(Network),
            ("GET", ["secrets" or "configs"]) => Ok($"[{Secret}]"),
            ("GET", ["secrets" or "configs", _]) => Ok(Secret),
            ("GET", ["swarm"]) => Ok(Swarm),
            ("GET", ["swarm", "unlockkey"]) => Ok("""{"UnlockKey":"SWMKEY-1-x"}"""),
            ("GET", ["volumes"]) => Ok($$"""{"Volumes":[{{Volume}}],"Warnings":null}"""),
            ("GET", ["volumes", _]) => Ok(Volume),
            ("GET", ["containers", "json"]) => Ok("""[{"Id":"CONTAINER","Names":["/web.1.tsk1"],"Image":"nginx:latest","Command":"nginx -g daemon off; and more","Created":1767323000,"State":"running","Status":"Up 3 seconds","Ports":[{"PrivatePort":80,"Type":"tcp"}]}]"""),
            ("GET", ["containers", _, "json"]) => Ok("""{"Id":"CONTAINER"}"""),
            ("GET", ["containers", _, "logs"]) => Logs(details: false),
            ("GET", ["images", "json"]) => Ok("""[{"Id":"sha256:0123456789abcdef","RepoTags":["nginx:latest"],"Created":1767323000,"Size":187654321,"Containers":-1}]"""),
            ("POST", ["swarm", "init"]) => Ok("\"node1node1node1node1node1\""),
            ("POST", ["services" or "secrets" or "configs", "create"]) => new FakeAnswer(201, """{"ID":"new1new1new1new1new1new1n"}"""),
            ("POST", ["services", _, "update"]) => Ok("""{"Warnings":null}"""),
            ("POST", ["networks", "create"]) => new FakeAnswer(201, """{"Id":"new1","Warning":""}"""),
            ("POST", ["volumes", "create"]) => new FakeAnswer(201, """{"Name":"v"}"""),
            ("POST", ["networks" or "volumes", "prune"]) => Ok("{}"),
            ("POST", ["images", "create"]) => Ok("{\"status\":\"Pulling from library/nginx\",\"id\":\"latest\"}\r\n{\"status\":\"Status: Image is up to date\"}\r\n"),
            ("DELETE", ["images", _]) => Ok("""[{"Untagged":"nginx:latest"}]"""),
            ("POST" or "DELETE", _) => Ok(""),
            _ => null,
        };
    }

    private static FakeAnswer Ok(string body) => new(200, body
        .Replace("STAMP", Stamp, StringComparison.Ordinal)
        .Replace("IMAGE", Image, StringComparison.Ordinal)
        .Replace("CONTAINER", new string('c', 64), StringComparison.Ordinal));

    private static FakeAnswer Logs(bool details)
    {
        string prefix = details ? "com.docker.swarm.node.id=node1node1node1node1node1,com.docker.swarm.service.id=svc1svc1svc1svc1svc1svc1s,com.docker.swarm.task.id=tsk1tsk1tsk1tsk1tsk1tsk1t " : "";
        byte[] line = System.Text.Encoding.UTF8.GetBytes($"{prefix}hello\n");
        return new FakeAnswer(200, "", "application/vnd.docker.multiplexed-stream") { Bytes = [1, 0, 0, 0, 0, 0, 0, (byte)line.Length, .. line] };
    }
}
