namespace Skep.Cli.Tests;

/// <summary>Lists and details, beside docker's own program before the same engine.</summary>
public sealed class PrintedTests
{
    private const string Full = """
        {"ID":"ful1ful1ful1ful1ful1ful1f","Version":{"Index":17},"CreatedAt":"2026-01-02T03:04:02Z","UpdatedAt":"2026-01-02T03:04:02.5Z",
         "Spec":{"Name":"full","Labels":{"b":"2","a":"1"},"EndpointSpec":{"Mode":"vip"},
          "UpdateConfig":{"Parallelism":2,"Delay":10000000000,"FailureAction":"rollback","Monitor":5000000000,"MaxFailureRatio":0.1,"Order":"start-first"},
          "RollbackConfig":{"Parallelism":1,"FailureAction":"pause","Monitor":5000000000,"MaxFailureRatio":0,"Order":"stop-first"},
          "TaskTemplate":{"ForceUpdate":0,"Runtime":"container","RestartPolicy":{"Condition":"any"},"Networks":[{"Target":"net1net1net1net1net1net1n","Aliases":["web"]}],
           "LogDriver":{"Name":"json-file","Options":{"max-size":"1m"}},
           "Placement":{"Constraints":["node.role == manager","node.labels.a == b"],"Preferences":[{"Spread":{"SpreadDescriptor":"node.labels.zone"}}],"MaxReplicas":3},
           "Resources":{"Limits":{"NanoCPUs":500000000,"MemoryBytes":52428800},"Reservations":{"NanoCPUs":1000000000,"MemoryBytes":1073741824}},
           "ContainerSpec":{"Image":"nginx:latest","Args":["-c","sleep 1"],"Env":["A=1","B=2"],"Dir":"/srv","User":"www","Init":true,"Hostname":"h","StopGracePeriod":3000000000,
            "Labels":{"l":"m"},"Sysctls":{"net.core.somaxconn":"99"},"Ulimits":[{"Name":"nofile","Soft":5,"Hard":6}],"CapabilityAdd":["CAP_NET_ADMIN"],"CapabilityDrop":["CAP_CHOWN"],
            "DNSConfig":{"Nameservers":["1.1.1.1"]},"Hosts":["10.0.0.1 a"],"Healthcheck":{"Test":["CMD","true"],"Interval":1000000000,"Timeout":2000000000,"Retries":3},
            "Mounts":[{"Type":"volume","Source":"v","Target":"/data","ReadOnly":true},{"Type":"bind","Source":"/etc","Target":"/host"}],
            "Secrets":[{"File":{"Name":"key","UID":"0","GID":"0","Mode":292},"SecretID":"sec1","SecretName":"s"}],"Configs":[{"File":{"Name":"/c","UID":"0","GID":"0","Mode":292},"ConfigID":"cfg1","ConfigName":"c"}]}},
          "Mode":{"Global":{}}},
         "UpdateStatus":{"State":"completed","StartedAt":"2026-01-02T03:04:02Z","CompletedAt":"2026-01-02T03:05:02Z","Message":"update completed"},
         "Endpoint":{"Spec":{"Mode":"vip"},"VirtualIPs":[{"NetworkID":"net1net1net1net1net1net1n","Addr":"10.0.0.2/24"}]}}
        """;

    private static readonly string[] Commands =
    [
        "service ls", "service ls --format json", "service ls -q", "service ps web", "service ps --no-trunc web", "service ps --format json web", "service ps -q web", "service ps --format {{.ID}} web", "node ps -q n1", "stack ps -q stk", "stack services -q stk", "stack services --format json stk", "stack ps --format json stk", "node ps --format json n1",
        "service inspect --pretty web", "service inspect --pretty full", "service inspect --pretty web full", "node inspect --pretty n1 n1", "secret inspect --pretty s s", "service inspect web", "service inspect --format {{.Spec.Name}}|{{.Endpoint.Spec.Mode}} web",
        "node ls", "node ls --format json", "node ps n1", "node inspect --pretty n1", "node inspect n1", "node inspect --format {{.Status.State}} n1",
        "network ls", "network ls --no-trunc", "network ls --format json", "network inspect net",
        "secret ls", "secret ls --format json", "secret inspect --pretty s", "secret inspect s",
        "config ls", "config ls --format json", "config inspect --pretty s", "config inspect s",
        "stack ls", "stack ls --format json", "stack services stk", "stack ps stk", "stack ps --no-trunc --no-resolve stk",
        "volume ls", "volume ls --format json", "volume inspect v", "image ls", "image ls --no-trunc", "image ls --format json", "ps", "ps --no-trunc", "ps --format json",
        "swarm join-token worker", "swarm join-token -q manager", "swarm unlock-key", "swarm unlock-key -q",
        "service ls --format table{{.Name}}\\t{{.Replicas}}", "network ls -q", "network ls --filter driver=overlay", "volume ls -q",
        "image ls -q", "image ls --digests", "ps -q", "ps -a --no-trunc", "ps --format table{{.Names}}\\t{{.State}}",
        "service rm web", "service scale -d web=2", "service update -d --image nginx:2 web", "service rollback -d web", "service create -d --name x nginx",
        "node update --availability drain n1", "node promote n1", "node demote n1", "node rm n1", "secret rm s", "config rm s s2", "network rm net", "network create -d overlay n",
        "network prune -f", "volume rm v", "volume create v", "volume prune -f", "image rm nginx", "image tag nginx a:b", "swarm leave", "swarm leave -f", "swarm update --task-history-limit 3",
        "swarm init", "swarm join --token x 10.0.0.1", "swarm ca", "stack rm stk",
        "service nonsense", "node ls --format {{", "node inspect --format {{ n1", "node inspect --format {{nope}} n1", "config create c nosuch", "node demote n1 n2", "service ls extra", "service ls --nonsense", "service inspect", "service scale web", "service scale web=x", "service ps nosuch", "service inspect nosuch",
        "service logs nosuch", "service rm nosuch", "service update nosuch", "stack ps", "stack rm", "stack services nosuch", "stack deploy x", "node inspect", "secret create", "secret create s nosuch",
        "network create", "config create c", "swarm join", "swarm join-token", "swarm join-token x", "swarm ca --rotate --detach x y", "stack ls --nonsense",
    ];

    [DockerFact]
    public Task Verbs_of_the_cluster_print_what_docker_prints() => CompareAsync(Answer, Commands);

    [DockerFact]
    public Task Verbs_of_the_node_print_what_docker_prints() => CompareAsync(SampleNode.Answer, SampleNode.Commands);

    private static async Task CompareAsync(Func<SeenRequest, FakeAnswer?> answer, string[] commands)
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        var differences = new List<string>();
        await using FakeEngine engine = new(answer);
        foreach (string command in commands)
        {
            CliRun theirs = await DockerProgram.RunAsync(engine.Host, command.Split(' '), folder);
            CliRun ours = await CliRun.Of(engine.Host, command.Split(' '), time: TimeProvider.System, folder: folder);
            CliRun wanted = theirs with { Out = Renamed(theirs.Out), Err = Renamed(theirs.Err) };
            // The hints that follow the first line of an error are each program's own.
            if ((ours.ExitCode, ours.Out, FirstLine(ours.Err)) != (wanted.ExitCode, wanted.Out, FirstLine(wanted.Err)))
            {
                differences.Add($"{command}: {wanted.ExitCode}, {ours.ExitCode}\n{wanted.Out}{wanted.Err}--\n{ours.Out}{ours.Err}");
            }
        }

        Directory.Delete(folder, recursive: true);
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    private static string Renamed(string text)
        => text.Replace("docker ", "skep ", StringComparison.Ordinal).Replace("docker:", "skep:", StringComparison.Ordinal);

    private static string FirstLine(string text) => text.Split('\n')[0];

    private static FakeAnswer? Answer(SeenRequest request) => (request.Method, request.Path) switch
    {
        ("GET", "/services/full") => new FakeAnswer(200, Full),
        _ => SampleCluster.Answer(request),
    };
}
