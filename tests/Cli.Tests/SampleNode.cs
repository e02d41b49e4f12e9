namespace Skep.Cli.Tests;

/// <summary>A node with containers, images and volumes, as an engine tells of them. Each has one name at most: docker prints several in any order.</summary>
internal static class SampleNode
{
    private static readonly string Id = new('c', 64);

    public static readonly string[] Commands =
    [
        "ps", "ps -a", "ps -a --no-trunc", "ps -aq", "ps -a --format json", "ps -as", "ps -a --format {{.Names}}|{{.Mounts}}|{{.Networks}}|{{.LocalVolumes}}|{{.Labels}}", "container ls -a",
        "ps -a --format {{.Label\t\"a\"}}|{{.Size}}|{{.RunningFor}}|{{.CreatedAt}}|{{.State}}",
        "image ls", "image ls -a --digests", "image ls --no-trunc", "image ls -q", "images nginx", "image history nginx", "image history --no-trunc nginx", "image history -q nginx",
        "image history --format json nginx", "image inspect nginx", "image inspect --format {{.Id}} nginx", "image rm nginx", "image prune -f", "image prune -af",
        "container inspect c1", "container inspect --format {{.Name}} c1", "inspect c1", "inspect nosuch", "container top c1", "top c1", "diff c1", "container diff c1", "port c1", "port c1 80", "stats --no-stream c1",
        "stats --no-stream --format json c1", "stats --no-stream --no-trunc c1",
        "volume ls", "volume inspect v", "network ls", "network inspect bridge", "network rm bridge",
        "system df", "system df --format json", "version --format {{.Server.Version}}", "info --format {{.Name}}",
        "container prune -f", "system prune -f", "start c1", "stop c1", "kill c1", "restart c1", "pause c1", "unpause c1", "rename c1 c2", "rm c1", "rm -f c1", "wait c1", "update --memory 64m c1",
        "logs c1", "events --until 1", "system events --until 1 --format {{.Action}}", "cp nosuch:/x .", "exec nosuch ls", "ps --nonsense", "stats --nonsense", "port nosuch", "top nosuch", "logs nosuch",
    ];

    public static FakeAnswer? Answer(SeenRequest request) => (request.Method, request.Path.Replace(Id, "c1", StringComparison.Ordinal)) switch
    {
        ("GET", "/containers/json") => Ok("""
            [{"Id":"CONTAINER","Names":["/web","/other/alias"],"Image":"nginx:latest@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","ImageID":"sha256:0123456789abcdef","Command":"nginx -g 'daemon off;' and more","Created":1767323000,
              "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":443,"Type":"tcp"},{"PrivatePort":444,"Type":"tcp"},{"IP":"0.0.0.0","PrivatePort":53,"PublicPort":53,"Type":"udp"}],
              "Labels":{"b":"2","a":"1,x"},"State":"running","Status":"Up 3 seconds (healthy)","SizeRw":2048,"SizeRootFs":187654321,
              "HostConfig":{"NetworkMode":"bridge"},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2"}}},
              "Mounts":[{"Type":"volume","Name":"a-volume-with-a-long-name","Source":"/v","Destination":"/data","Driver":"local","RW":true},{"Type":"bind","Source":"/etc/some/where/deep","Destination":"/e","RW":false}]},
             {"Id":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","Names":["/done"],"Image":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Command":"sh","Created":1767320000,"Ports":[],"Labels":{},"State":"exited","Status":"Exited (0) 2 hours ago","NetworkSettings":{"Networks":{}},"Mounts":[]}]
            """),
        ("GET", "/containers/c1/json") => Ok("""
            {"Id":"CONTAINER","Created":"2026-01-02T03:04:02.5Z","Path":"nginx","Args":["-g"],"Name":"/c1","State":{"Status":"running","Running":true,"Pid":7},"Config":{"Tty":true},"HostConfig":{},
             "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"53/udp":[{"HostIp":"0.0.0.0","HostPort":"53"}]}}}
            """),
        ("GET", "/containers/c1/top") => Ok("""{"Titles":["UID","PID","CMD"],"Processes":[["root","1","nginx -g daemon"],["www","27","worker"]]}"""),
        ("GET", "/containers/c1/changes") => Ok("""[{"Path":"/a","Kind":1},{"Path":"/b","Kind":0},{"Path":"/c","Kind":2}]"""),
        ("GET", "/containers/c1/logs") => new FakeAnswer(200, "", "application/vnd.docker.raw-stream") { Bytes = "one\ntwo\n"u8.ToArray() },
        ("GET", "/containers/c1/stats") => Ok("""
            {"id":"CONTAINER","name":"/c1","read":"2026-01-02T03:04:02Z","preread":"2026-01-02T03:04:01Z","pids_stats":{"current":3},
             "cpu_stats":{"cpu_usage":{"total_usage":300000000},"system_cpu_usage":20000000000,"online_cpus":2},"precpu_stats":{"cpu_usage":{"total_usage":100000000},"system_cpu_usage":18000000000,"online_cpus":2},
             "memory_stats":{"usage":10485760,"limit":52428800,"stats":{"total_inactive_file":1048576}},"networks":{"eth0":{"rx_bytes":1500,"tx_bytes":2500000}},
             "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":4096},{"op":"Write","value":8192}]}}
            """),
        ("GET", "/images/json") => Ok("""
            [{"Id":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RepoTags":["nginx:latest"],"RepoDigests":["nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"Created":1767323000,"Size":187654321,"SharedSize":-1,"Containers":-1,"Labels":{}},
             {"Id":"sha256:3123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RepoTags":["reg.example:5000/nginx:1"],"RepoDigests":[],"Created":1767322000,"Size":2345678,"SharedSize":-1,"Containers":-1},
             {"Id":"sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RepoTags":[],"RepoDigests":["old@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],"Created":1767300000,"Size":1234,"SharedSize":-1,"Containers":-1},
             {"Id":"sha256:2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RepoTags":[],"RepoDigests":[],"Created":1767200000,"Size":1234567,"SharedSize":-1,"Containers":-1}]
            """),
        ("GET", "/images/nginx/json") => Ok("""{"Id":"sha256:0123456789abcdef","RepoTags":["nginx:latest"],"Created":"2026-01-02T03:04:02Z","Architecture":"amd64","Os":"linux","Size":7}"""),
        ("GET", "/images/nginx/history") => Ok("""
            [{"Id":"sha256:0123456789abcdef0123","Created":1767323000,"CreatedBy":"/bin/sh -c #(nop)  CMD [\"nginx\" \"-g\" \"daemon off;\"] and quite a lot more","Size":0,"Comment":"a note","Tags":["nginx:latest"]},
             {"Id":"<missing>","Created":1767300000,"CreatedBy":"ADD file","Size":123456789,"Comment":"","Tags":null}]
            """),
        ("DELETE", "/images/nginx") => Ok("""[{"Untagged":"nginx:latest"},{"Deleted":"sha256:0123456789abcdef"}]"""),
        ("POST", "/images/prune") => Ok("""{"ImagesDeleted":[{"Untagged":"a:b"},{"Deleted":"sha256:01"}],"SpaceReclaimed":1234567}"""),
        ("POST", "/containers/prune") => Ok("""{"ContainersDeleted":["c1"],"SpaceReclaimed":7}"""),
        ("POST", "/volumes/prune") => Ok("""{"VolumesDeleted":["v"],"SpaceReclaimed":7}"""),
        ("POST", "/networks/prune") => Ok("""{"NetworksDeleted":["n"]}"""),
        ("POST", "/build/prune") => Ok("""{"CachesDeleted":[],"SpaceReclaimed":0}"""),
        ("POST", "/containers/c1/wait") => Ok("""{"StatusCode":5}"""),
        ("POST", "/containers/c1/update") => Ok("""{"Warnings":[]}"""),
        ("GET", "/volumes") => Ok($$"""{"Volumes":[{{Volume}}],"Warnings":null}"""),
        ("GET", "/volumes/v") => Ok(Volume),
        ("GET", "/networks") => Ok($"[{Bridge}]"),
        ("GET", "/networks/bridge") => Ok(Bridge),
        ("DELETE", "/networks/bridge") => new FakeAnswer(403, """{"message":"bridge is a pre-defined network and cannot be removed"}"""),
        ("GET", "/events") => Ok("""{"Type":"container","Action":"start","Actor":{"ID":"CONTAINER","Attributes":{"image":"nginx","name":"c1"}},"scope":"local","time":1767323042,"timeNano":1767323042123456789}"""),
        ("GET", "/version") => Ok("""{"Platform":{"Name":"Skep"},"Components":[{"Name":"Engine","Version":"0.1.0","Details":{"ApiVersion":"1.50","Arch":"amd64","Os":"linux"}}],"Version":"0.1.0","ApiVersion":"1.50","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"""),
        ("GET", "/system/df") => Ok("""
            {"LayersSize":187655555,"Images":[{"Id":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RepoTags":["nginx:latest"],"RepoDigests":["nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"Created":1767323000,"Size":187654321,"SharedSize":0,"Containers":1}],
             "Containers":[{"Id":"CONTAINER","Names":["/web"],"Image":"nginx:latest","Command":"nginx","Created":1767323000,"Ports":[],"Labels":{},"State":"running","Status":"Up 3 seconds","SizeRw":2048,"SizeRootFs":187654321,"NetworkSettings":{"Networks":{}},"Mounts":[]}],
             "Volumes":[{"CreatedAt":"2026-01-02T03:04:02Z","Driver":"local","Labels":null,"Mountpoint":"/v","Name":"v","Options":null,"Scope":"local","UsageData":{"RefCount":1,"Size":4096}}],"BuildCache":[]}
            """),
        ("GET", var path) when path.Contains("nosuch", StringComparison.Ordinal) => new FakeAnswer(404, """{"message":"No such container: nosuch"}"""),
        ("POST" or "DELETE", var path) when path.Contains("nosuch", StringComparison.Ordinal) => new FakeAnswer(404, """{"message":"No such container: nosuch"}"""),
        ("POST" or "DELETE", _) => new FakeAnswer(204, ""),
        _ => SampleCluster.Answer(request),
    };

    private const string Volume = """{"CreatedAt":"2026-01-02T03:04:02Z","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/var/lib/v/_data","Name":"v","Options":null,"Scope":"local"}""";

    private const string Bridge = """
        {"Name":"bridge","Id":"br1br1br1br1br1br1br1br1br1","Created":"2026-01-02T03:04:02Z","Scope":"local","Driver":"bridge","EnableIPv4":true,"EnableIPv6":false,
         "IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]},"Internal":false,"Attachable":false,"Ingress":false,"ConfigFrom":{"Network":""},"ConfigOnly":false,
         "Containers":{},"Options":{},"Labels":{}}
        """;

    private static FakeAnswer Ok(string body) => new(200, body.Replace("CONTAINER", Id, StringComparison.Ordinal));
}
