using System.Buffers;
using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Skep.Api.Http;
using Skep.Compose;
using Skep.Engine.Files;
using Skep.Engine.Images;
using Skep.Manager.Dispatch;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Model.Net;
using Skep.Overlay.Dns;
using Skep.Raft;
using Skep.Raft.Codec;
using Skep.Raft.Tests;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Store;
using Skep.Wire;
using Skep.Wire.Mapping;

namespace Skep.Hostile.Fuzz;

/// <summary>Everything that reads bytes which another machine, a user or a disk gave it.</summary>
internal static class FuzzTargets
{
    private static readonly byte[] Key = new byte[32];
    private static readonly WriteAheadLogOptions SmallLog = new() { SegmentBytes = 64 << 10 };
    private static readonly OneManager Manager = OneManager.StartAsync().GetAwaiter().GetResult();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("join token", [Text("SWMTKN-1-" + new string('0', 50) + "-" + new string('a', 25))], b => JoinToken.Parse(Encoding.UTF8.GetString(b)), IsRefusal),
        new("raft message", Messages, b => MessageCodec.Decode(b), e => e is RaftFormatException),
        new("raft membership", [LogCodec.Encode(Three)], b => LogCodec.DecodeMembership(b), e => e is RaftFormatException),
        new("write-ahead log", [Segment()], ReadLog, e => e is RaftStorageException),
        new("raft snapshot", [RaftSnapshot()], ReadRaftSnapshot, e => e is RaftStorageException),
        new("store batch", Batches(), b => new ProtoStoreCodec().DecodeBatch(b), e => IsRefusal(e) || e is NewerFormatException),
        new("store snapshot", [StoreFile()], b => StoreSnapshot.Read(new MemoryStream(b), new ProtoStoreCodec()), IsRefusal),
        new("node description", [Description()], b => NodeDescriptionRules.Check(Rpc.V1.NodeDescription.Parser.ParseFrom(b).ToModel()), e => IsRefusal(e) || e is InvalidProtocolBufferException),
        new("task report", [Report()], ReadReport, e => IsRefusal(e) || e is InvalidProtocolBufferException),
        new("dns question", Questions, ReadQuestion, _ => false),
        new("service", Services, b => Create(b, WireJson.Default.WireServiceSpec, CreateAsync), IsBadJson),
        new("network", [Text("""{"Name":"n","Driver":"overlay","Attachable":true,"IPAM":{"Config":[{"Subnet":"10.9.0.0/24","Gateway":"10.9.0.1"}]},"Options":{"com.docker.network.driver.mtu":"1400"},"Labels":{"a":"b"}}""")],
            b => Create(b, WireJson.Default.WireNetworkCreate, CreateAsync), IsBadJson),
        new("compose file", ComposeFiles, ReadCompose, e => e is ComposeException),
        new("image name", [Text("registry.example.com:5000/team/app:1.2@sha256:" + new string('a', 64)), Text("nginx")], b => ImageReference.TryParse(Encoding.UTF8.GetString(b), out _), _ => false),
        new("query filters", [Text("""{"label":["a=b"],"name":{"x":true}}""")], b => QueryFilters.Parse(Encoding.UTF8.GetString(b), ["label", "name"]), IsRefusal),
        new("time filter", [Text("2026-01-02T03:04:05.123456789Z"), Text("1767225600.5"), Text("1h2m3s"), Text("1e20")], b => TimeFilter.Read(Encoding.UTF8.GetString(b), DateTimeOffset.UnixEpoch), IsRefusal),
        new("registry challenge", [Text("Bearer realm=\"https://auth.example.com/token\",service=\"r\",scope=\"repository:a/b:pull\"")], b => AuthChallenge.Parse(Encoding.Latin1.GetString(b)), _ => false),
        new("image archive", [ImageTar()], ReadImageArchive, IsRefusal),
        new("copied archive", [CopyTar(), LeadingOut()], ExtractTar, IsRefusal),
    ];

    private static Membership Three => new([new RaftMember(1, "n1", "n1:2377", true), new RaftMember(2, "n2", "n2:2377", true), new RaftMember(3, "n3", "n3:2377", false)]);

    private static IReadOnlyList<byte[]> Messages =>
    [
        MessageCodec.Encode(new Message(MessageKind.Append, 1, 2, 3) { LogTerm = 2, Index = 10, Commit = 9, Entries = [new Entry(3, 11, EntryKind.Normal, Text("data")), new Entry(3, 12, EntryKind.Membership, LogCodec.Encode(Three))] }),
        MessageCodec.Encode(new Message(MessageKind.Snapshot, 1, 2, 3) { Snapshot = new SnapshotMeta(7, 2, Three) }),
        MessageCodec.Encode(new Message(MessageKind.ReadIndex, 2, 1, 0) { Context = Text("12345678") }),
    ];

    private static IReadOnlyList<byte[]> Questions =>
    [
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, .. "tasks"u8, 3, .. "web"u8, 0, 0, 1, 0, 1],
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, .. "1"u8, 1, .. "2"u8, 7, .. "in-addr"u8, 4, .. "arpa"u8, 0, 0, 12, 0, 1, 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0],
    ];

    private static IReadOnlyList<byte[]> Services =>
    [
        Text("""
            {"Name":"web","Labels":{"a":"b"},"TaskTemplate":{"ContainerSpec":{"Image":"nginx:1","Command":["a"],"Args":["b"],"Env":["A=B"],"Hostname":"h","User":"1:2","Hosts":["10.0.0.1 x"],
            "Mounts":[{"Type":"volume","Source":"v","Target":"/v","VolumeOptions":{"Subpath":"a/b"}},{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1000,"Mode":511}}],
            "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Timeout":1000000000,"Retries":3},"StopGracePeriod":1000000000,"DNSConfig":{"Nameservers":["8.8.8.8"]},
            "Sysctls":{"net.core.somaxconn":"1"},"CapabilityAdd":["CAP_NET_ADMIN"],"Ulimits":[{"Name":"nofile","Soft":1,"Hard":2}]},
            "Resources":{"Limits":{"NanoCPUs":500000000,"MemoryBytes":10000000,"Pids":10},"Reservations":{"NanoCPUs":1000000,"MemoryBytes":5000000}},
            "RestartPolicy":{"Condition":"any","Delay":5000000000,"MaxAttempts":3,"Window":1000000000},
            "Placement":{"Constraints":["node.role==manager"],"Preferences":[{"Spread":{"SpreadDescriptor":"node.labels.z"}}],"MaxReplicas":2,"Platforms":[{"Architecture":"amd64","OS":"linux"}]},
            "LogDriver":{"Name":"json-file","Options":{"max-size":"10m"}}},"Mode":{"Replicated":{"Replicas":3}},
            "UpdateConfig":{"Parallelism":2,"Delay":1000,"FailureAction":"pause","Monitor":5000000000,"MaxFailureRatio":0.5,"Order":"start-first"},
            "EndpointSpec":{"Mode":"vip","Ports":[{"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"}]}}
            """),
        Text("""{"Name":"job","TaskTemplate":{"ContainerSpec":{"Image":"busybox"}},"Mode":{"ReplicatedJob":{"MaxConcurrent":2,"TotalCompletions":10}}}"""),
        Text("""{"Name":"all","TaskTemplate":{"ContainerSpec":{"Image":"busybox"}},"Mode":{"Global":{}}}"""),
    ];

    private static IReadOnlyList<byte[]> ComposeFiles =>
    [
        Text("""
            version: "3.9"
            x-common: &common
              restart: always
              logging: { driver: json-file, options: { max-size: "10m" } }
            services:
              web:
                <<: *common
                image: ${IMAGE:-nginx}:${TAG-1}
                command: ["a", 'b', "c d"]
                environment: { A: "1", B: }
                ports: ["8080:80/tcp", { target: 443, published: 8443, mode: host }]
                volumes: ["data:/data:ro", { type: tmpfs, target: /t, tmpfs: { size: 10000 } }]
                deploy:
                  replicas: 3
                  update_config: { parallelism: 2, delay: 10s, order: start-first }
                  resources: { limits: { cpus: "0.5", memory: 50M } }
                  placement: { constraints: [node.role == manager] }
                healthcheck: { test: ["CMD", "true"], interval: 1m30s, retries: 3 }
                networks: { front: { aliases: [w] } }
                secrets: [{ source: s, target: t, mode: 0440 }]
            networks: { front: { driver: overlay, ipam: { config: [{ subnet: 10.1.0.0/24 }] } } }
            volumes: { data: {} }
            secrets: { s: { external: true } }
            """),
        Text("services:\n  a:\n    image: >-\n      busybox\n    command: |\n      sh -c \"x\"\n"),
    ];

    private static bool IsRefusal(Exception e) => e is ClusterException;

    private static bool IsBadJson(Exception e) => e is ClusterException or JsonException;

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Segment()
    {
        var disk = new SimulatedDisk();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, SmallLog, out _);
        log.Append([new Entry(1, 1, EntryKind.Normal, Text("one")), new Entry(1, 2, EntryKind.Normal, new byte[300])]);
        log.Append(new HardState(1, 1, 1));
        log.Sync();
        return Whole(disk, disk.List()[0]);
    }

    private static void ReadLog(byte[] bytes)
    {
        var disk = new SimulatedDisk();
        using (WriteAheadLog made = WriteAheadLog.Open(disk, Key, SmallLog, out _))
        {
        }

        Replace(disk, disk.List()[0], bytes);
        WriteAheadLog.Open(disk, Key, SmallLog, out _).Dispose();
    }

    private static byte[] RaftSnapshot()
    {
        var disk = new SimulatedDisk();
        using (var writer = new SnapshotWriter(disk, Key, new SnapshotMeta(7, 2, Three), "s.tmp"))
        {
            writer.Write(new byte[500]);
            writer.Commit();
        }

        return Whole(disk, disk.List()[0]);
    }

    private static void ReadRaftSnapshot(byte[] bytes)
    {
        var disk = new SimulatedDisk();
        Replace(disk, "s", bytes);
        using var reader = new SnapshotReader(disk, Key, "s");
        reader.CopyTo(Stream.Null);
    }

    private static byte[] Whole(SimulatedDisk disk, string name)
    {
        using IRaftFile file = disk.Open(name);
        byte[] bytes = new byte[Math.Min(file.Length, 4096)];
        return bytes[..file.Read(0, bytes)];
    }

    private static void Replace(SimulatedDisk disk, string name, byte[] bytes)
    {
        using IRaftFile file = disk.Create(name, 0);
        file.Write(0, bytes);
        file.Sync();
        disk.SyncDirectory();
    }

    private static IReadOnlyList<byte[]> Batches()
    {
        var codec = new ProtoStoreCodec();
        var batches = new List<byte[]>();
        foreach (IStoredObject stored in Manager.Store.View().All)
        {
            var output = new ArrayBufferWriter<byte>();
            codec.EncodeBatch(new ChangeBatch(DateTimeOffset.UnixEpoch, [new StoreChange.Create(stored)]), output);
            batches.Add(output.WrittenSpan.ToArray());
        }

        return batches;
    }

    private static byte[] StoreFile()
    {
        var file = new MemoryStream();
        StoreSnapshot.Write(Manager.Store.View(), new ProtoStoreCodec(), file);
        return file.ToArray();
    }

    private static byte[] Description() => new NodeDescription("n1", new Platform("x86_64", "linux"), new Resources(4_000_000_000, 8L << 30))
    {
        EngineVersion = "1",
        EngineLabels = ValueMap<string, string>.Empty.Set("a", "b"),
        Plugins = [new EnginePlugin("Network", "overlay")],
        DataPathAddress = "10.0.0.1",
        PeerAddress = "10.0.0.1:2377",
    }.ToProto().ToByteArray();

    private static byte[] Report() => new TaskReport(new TaskId("t1"), new SwarmTaskStatus(TaskState.Running, DateTimeOffset.UnixEpoch.AddYears(50)) { Message = "started" }).ToProto().ToByteArray();

    private static void ReadReport(byte[] bytes)
    {
        TaskReport report = TaskReportRules.Checked(Rpc.V1.TaskReport.Parser.ParseFrom(bytes).ToModel(), DateTimeOffset.UnixEpoch.AddYears(50));
        // What is let in can be stored, and read again by every replica.
        var task = new SwarmTask(report.Task, new ServiceId("s"), 1) { Spec = OneManager.Web("w").Task, ServiceAnnotations = new Annotations("w"), Status = report.Status };
        var output = new ArrayBufferWriter<byte>();
        new ProtoStoreCodec().EncodeBatch(new ChangeBatch(DateTimeOffset.UnixEpoch, [new StoreChange.Create(task)]), output);
        new ProtoStoreCodec().DecodeBatch(output.WrittenMemory);
    }

    private static void ReadQuestion(byte[] bytes)
    {
        if (DnsQuestion.TryParse(bytes, out DnsQuestion question))
        {
            DnsAnswer.Addresses(bytes, question, [new Ipv4Address(0x0a000001)], stream: false);
        }
        else
        {
            DnsAnswer.FormatError(bytes);
        }
    }

    /// <summary>What the rules let in goes through the log: it must be read again by every replica.</summary>
    private static void Create<T>(byte[] json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, Task> create)
        where T : class
    {
        if (JsonSerializer.Deserialize(json, type) is { } read)
        {
            create(read).GetAwaiter().GetResult();
        }
    }

    private static async Task CreateAsync(WireServiceSpec spec)
    {
        ServiceId id = await Manager.Control.Services.CreateAsync(spec.ToModel(), CancellationToken.None);
        await Manager.Control.Services.RemoveAsync(id.Value, CancellationToken.None);
    }

    private static async Task CreateAsync(WireNetworkCreate create)
    {
        NetworkId id = await Manager.Control.Networks.CreateAsync(create.ToModel(), CancellationToken.None);
        await Manager.Control.Networks.RemoveAsync(id.Value, CancellationToken.None);
    }

    private static void ReadCompose(byte[] bytes) => ComposeLoader.Load(
        [new ComposeSource("c.yml", Encoding.UTF8.GetString(bytes), "/nowhere")],
        new Dictionary<string, string> { ["TAG"] = "2" },
        new ComposeLoadOptions { ReadFile = path => throw new FileNotFoundException(path) });

    private static byte[] ImageTar() => Tar(w =>
    {
        Put(w, "manifest.json", """[{"Config":"c.json","RepoTags":["a:1"],"Layers":["l/layer.tar"]}]""");
        Put(w, "c.json", """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},"config":{"Cmd":["x"]}}""");
        Put(w, "l/layer.tar", "");
    });

    private static void ReadImageArchive(byte[] bytes)
    {
        string directory = Directory.CreateTempSubdirectory("skep-fuzz-").FullName;
        try
        {
            using ImageArchive archive = ImageArchive.ExtractAsync(new MemoryStream(bytes), Path.Combine(directory, "a"), CancellationToken.None).GetAwaiter().GetResult();
            archive.ReadImagesAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static byte[] CopyTar() => Tar(w =>
    {
        w.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "d/") { ModificationTime = DateTimeOffset.UnixEpoch });
        Put(w, "d/f", "text");
        w.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "d/s") { ModificationTime = DateTimeOffset.UnixEpoch, LinkName = "../../../../out" });
        w.WriteEntry(new UstarTarEntry(TarEntryType.HardLink, "d/h") { ModificationTime = DateTimeOffset.UnixEpoch, LinkName = "d/f" });
    });

    private static byte[] LeadingOut() => Tar(w =>
    {
        w.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "s") { ModificationTime = DateTimeOffset.UnixEpoch, LinkName = "../.." });
        Put(w, "s/x", "through the link");
        w.WriteEntry(new UstarTarEntry(TarEntryType.HardLink, "h") { ModificationTime = DateTimeOffset.UnixEpoch, LinkName = "s/x" });
    });

    /// <summary>Whatever the archive says, nothing appears outside of the root it is unpacked to.</summary>
    private static void ExtractTar(byte[] bytes)
    {
        string directory = Directory.CreateTempSubdirectory("skep-fuzz-").FullName, inside = Path.Combine(directory, "root", "in");
        Directory.CreateDirectory(inside);
        try
        {
            using ContainerRoot root = ContainerRoot.OfDirectory(Path.Combine(directory, "root"));
            try
            {
                new TarExtractor(root, "/in", keepKinds: false, owner: null).ExtractAsync(new MemoryStream(bytes), CancellationToken.None).GetAwaiter().GetResult();
            }
            finally
            {
                string[] outside = [.. Directory.EnumerateFileSystemEntries(directory).Where(e => Path.GetFileName(e) != "root")];
                Assert.True(outside.Length == 0, $"written outside: {string.Join(' ', outside)}");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static byte[] Tar(Action<TarWriter> write)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            write(tar);
        }

        return bytes.ToArray();
    }

    private static void Put(TarWriter tar, string name, string content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { ModificationTime = DateTimeOffset.UnixEpoch, DataStream = new MemoryStream(Text(content)) });
}
