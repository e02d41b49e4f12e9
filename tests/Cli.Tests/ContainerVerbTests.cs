using System.Text.Json.Nodes;

namespace Skep.Cli.Tests;

/// <summary>Verbs of containers: what they send, print and exit with, beside the stock docker program.</summary>
public sealed class ContainerVerbTests
{
    private const string Id = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

    /// <summary>Between them every flag of <c>create</c> that Linux has.</summary>
    private static readonly string[] Creations =
    [
        "create nginx",
        "create --name c1 -it --rm -h box --domainname example.org -u 1000:100 -w /srv nginx sh -c date -u",
        "create -e A=1 -e B= -e C=x=y --env-file vars --label a=b -l c --label-file vars nginx",
        "create -p 80 -p 8080:80 -p 127.0.0.1:53:53/udp -p 9000-9002:9000-9002 -p 7000-7009:7000 -p [::1]:81:81 --expose 5000-5001/udp -P nginx",
        "create -v /data -v data:/d -v ./here:/h:ro -v /etc:/e --volumes-from a --volumes-from b:ro --volume-driver local nginx",
        "create --mount type=volume,src=v,dst=/v,readonly --mount type=bind,src=/etc,dst=/e --mount type=tmpfs,dst=/t,tmpfs-size=1m --tmpfs /run:size=1m,mode=700 --tmpfs /x nginx",
        "create --memory 64m --memory-reservation 32m --memory-swap -1 --memory-swappiness 10 --cpus 1.5 --cpu-shares 5 --cpuset-cpus 0-1 --cpuset-mems 0 --pids-limit 9 --oom-score-adj 7 --oom-kill-disable nginx",
        "create --cpu-period 1000 --cpu-quota 500 --cpu-rt-period 10 --cpu-rt-runtime 5 --blkio-weight 100 --shm-size 1g nginx",
        "create --cap-add NET_ADMIN --cap-drop chown --privileged --read-only --security-opt no-new-privileges --security-opt seccomp=unconfined --device /dev/null --device /dev/zero:/dev/z:r nginx",
        "create --restart on-failure:3 --stop-signal USR1 --stop-timeout 7 --init --entrypoint sh nginx -c true",
        "create --restart always --entrypoint= nginx",
        "create --network host --ipc host --pid host --uts host --userns host --cgroupns private --cgroup-parent p --runtime runc --isolation default nginx",
        "create --network app --network-alias x --network-alias y --ip 10.0.0.7 --dns 1.1.1.1 --dns-opt ndots:1 --dns-search lan --add-host a:10.0.0.1 --add-host b=10.0.0.2 nginx",
        "create --network name=app,alias=x,ip=10.0.0.7 --network other nginx",
        "create --link db:database --group-add 7 --sysctl net.core.somaxconn=99 --ulimit nofile=5:6 --ulimit core=1 --annotation k=v --storage-opt size=1g nginx",
        "create --health-cmd true --health-interval 2s --health-timeout 1s --health-retries 4 --health-start-period 3s --health-start-interval 1s nginx",
        "create --no-healthcheck --log-driver json-file --log-opt max-size=1m --log-opt max-file=2 -a stdout -a stdin -i nginx",
        "network connect app c1",
        "network connect --alias x --alias y,z --ip 10.0.0.7 app c1",
        "network disconnect -f app c1",
        "update --memory 64m --memory-swap 128m --cpus 1 --restart unless-stopped --pids-limit 5 c1",
    ];

    [DockerFact]
    public async Task Containers_are_asked_for_as_docker_asks()
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "vars"), "# names\nX=1\nY=2=3\n");
        List<string> differences = [];
        foreach (string line in Creations)
        {
            await using FakeEngine docker = new(Answer);
            await using FakeEngine ours = new(Answer);
            CliRun theirs = await DockerProgram.RunAsync(docker.Host, line.Split(' '), folder);
            CliRun run = await CliRun.Of(ours.Host, line.Split(' '), folder: folder);
            string[] wanted = Bodies(docker);
            string[] sent = Bodies(ours);
            if (run.ExitCode != theirs.ExitCode || run.Out != theirs.Out || !wanted.SequenceEqual(sent))
            {
                differences.Add($"{line}\n docker {theirs.ExitCode} {theirs.Out}{theirs.Err} {string.Join("\n   ", wanted)}\n skep   {run.ExitCode} {run.Out}{run.Err} {string.Join("\n   ", sent)}");
            }
        }

        Directory.Delete(folder, recursive: true);
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [DockerFact]
    public async Task What_makes_no_sense_is_refused_as_docker_refuses_it()
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        List<string> differences = [];
        foreach (string line in (string[])
        [
            "run", "run --nonsense nginx", "run -d -a stdout nginx", "run -it nginx", "run -p 99999:80 nginx", "run -p a:b:c:d nginx", "create --restart always:x:y nginx", "create --pull sometimes nginx",
            "run --memory lots nginx", "create --device-cgroup-rule ca nginx", "start -a a b", "update c1", "port c1 81", "port c1 x", "rm", "rename a", "kill nosuch", "rm -f nosuch", "wait nosuch", "start nosuch",
        ])
        {
            await using FakeEngine docker = new(Answer);
            await using FakeEngine ours = new(Answer);
            CliRun theirs = await DockerProgram.RunAsync(docker.Host, line.Split(' '), folder);
            CliRun run = await CliRun.Of(ours.Host, line.Split(' '), folder: folder);
            string words = FirstLine(theirs.Err).Replace("docker", "skep", StringComparison.Ordinal);
            if (run.ExitCode != theirs.ExitCode || run.Out != theirs.Out || FirstLine(run.Err) != words)
            {
                differences.Add($"{line}\n docker {theirs.ExitCode} {theirs.Out} {words}\n skep   {run.ExitCode} {run.Out} {FirstLine(run.Err)}");
            }
        }

        Directory.Delete(folder, recursive: true);
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [Theory]
    [InlineData("stop -s USR1 -t 3 c1", "POST /containers/c1/stop?signal=USR1&t=3", "c1\n")]
    [InlineData("restart --timeout 0 c1", "POST /containers/c1/restart?t=0", "c1\n")]
    [InlineData("kill -s HUP c1", "POST /containers/c1/kill?signal=HUP", "c1\n")]
    [InlineData("rename c1 c2", "POST /containers/c1/rename?name=c2", "")]
    [InlineData("container pause c1", "POST /containers/c1/pause", "c1\n")]
    [InlineData("unpause c1", "POST /containers/c1/unpause", "c1\n")]
    [InlineData("container rm -f -v c1", "DELETE /containers/c1?force=1&v=1", "c1\n")]
    [InlineData("wait c1", "POST /containers/c1/wait", "5\n")]
    [InlineData("port c1", "GET /containers/c1/json", "53/udp -> 0.0.0.0:53\n80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n")]
    [InlineData("port c1 80", "GET /containers/c1/json", "0.0.0.0:8080\n[::]:8080\n")]
    [InlineData("container prune -f --filter until=1h", "POST /containers/prune?filters={\"until\":{\"1h\":true}}", "Deleted Containers:\nc1\n\nTotal reclaimed space: 7B\n")]
    [InlineData("run -d --name c1 nginx", "POST /containers/" + Id + "/start", Id + "\n")]
    public async Task A_verb_sends_and_prints(string line, string request, string output)
    {
        await using FakeEngine engine = new(Answer);
        CliRun run = await CliRun.Of(engine.Host, line.Split(' '));

        Assert.Equal((0, output, ""), (run.ExitCode, run.Out, run.Err));
        Assert.Equal(request, engine.Requests[^1].ToString());
    }

    [Fact]
    public async Task Every_verb_of_containers_is_known_in_its_group_too()
    {
        await using FakeEngine engine = new(Answer);
        foreach (string verb in VerbTable.WordsOf("container"))
        {
            CliRun run = await CliRun.Of(engine.Host, ["container", verb, "--help"]);
            Assert.StartsWith($"Usage:  skep container {verb}", run.Out, StringComparison.Ordinal);
        }
    }

    private static string FirstLine(string text) => text.Split('\n')[0];

    /// <summary>What is said twice in the same way, and what docker says although it is the default, is no difference.</summary>
    private static string[] Bodies(FakeEngine engine) => [.. engine.Requests.Where(static r => r.Method == "POST").Select(static r => RecordedRequestTests.Describe(r with { Body = Sorted(r.Body) }))];

    /// <summary>Docker's order of variables and of binds changes from run to run.</summary>
    private static string Sorted(string body)
    {
        if (body.Length == 0 || JsonNode.Parse(body) is not JsonObject node)
        {
            return body;
        }

        Sort(node, "Env");
        Sort(node["HostConfig"] as JsonObject, "Binds");
        return node.ToJsonString();
    }

    private static void Sort(JsonObject? owner, string list)
    {
        if (owner?[list] is JsonArray values)
        {
            owner[list] = new JsonArray([.. values.Select(static value => value!.GetValue<string>()).Order(StringComparer.Ordinal).Select(static value => (JsonNode)value)]);
        }
    }

    private static FakeAnswer? Answer(SeenRequest request) => (request.Method, request.Path) switch
    {
        ("POST", "/containers/create") => new FakeAnswer(201, $$"""{"Id":"{{Id}}","Warnings":[]}"""),
        ("POST", "/networks/app/connect" or "/networks/app/disconnect") => new FakeAnswer(200, ""),
        ("POST", "/containers/prune") => new FakeAnswer(200, """{"ContainersDeleted":["c1"],"SpaceReclaimed":7}"""),
        ("POST", "/containers/c1/wait") => new FakeAnswer(200, """{"StatusCode":5}"""),
        ("POST", "/containers/c1/update") => new FakeAnswer(200, """{"Warnings":[]}"""),
        ("GET", "/containers/c1/json") => new FakeAnswer(200, """
            {"Id":"c1","Name":"/c1","State":{"Running":true},"Config":{},"HostConfig":{},
             "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"53/udp":[{"HostIp":"0.0.0.0","HostPort":"53"}]}}}
            """),
        ("POST" or "DELETE", var path) when path.Contains("/c1", StringComparison.Ordinal) || path.Contains(Id, StringComparison.Ordinal) => new FakeAnswer(204, ""),
        (_, var path) when path.StartsWith("/containers/nosuch", StringComparison.Ordinal) => new FakeAnswer(404, """{"message":"No such container: nosuch"}"""),
        _ => null,
    };
}
