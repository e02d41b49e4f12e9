using System.Formats.Tar;
using System.Text;
using Skep.Engine.Exec;
using Skep.Engine.Stats;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

/// <summary>What is done to a running container from outside.</summary>
[Collection("containerd")]
public sealed class ExecTests(ContainerdFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_command_in_a_container_has_its_streams_environment_user_and_exit_code()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string id = await RunAsync(node);
        (int? code, string output, string error) = await ExecAsync(
            node, id, new ExecRequest(["sh", "-c", "cat; echo $WHO; pwd; id -u; id -G; echo bad >&2; exit 7"]) { Env = ["WHO=me"], WorkingDirectory = "/tmp", User = "app" }, "typed\n");
        Assert.Equal("typed\nme\n/tmp\n1000\n1001 29\n", output);
        Assert.Equal("bad\n", error);
        Assert.Equal(7, code);
    }

    [Fact]
    public async Task Much_goes_through_a_command_unharmed()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string id = await RunAsync(node);
        string much = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i}\n"));
        (int? code, string output, _) = await ExecAsync(node, id, new ExecRequest(["cat"]), much);
        Assert.Equal(0, code);
        Assert.True(much == output, $"{output.Length} of {much.Length} characters came back");
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_told_in_the_runtimes_words_and_is_127()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string id = await RunAsync(node);
        string exec = await node.Agent.Local.CreateExecAsync(id, new ExecRequest(["nonesuch"]), "", CancellationToken.None);
        await node.Agent.Local.TakeExecAsync(exec, CancellationToken.None);
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => node.Agent.Local.StartExecAsync(exec, CancellationToken.None));
        Assert.Contains("executable file not found in $PATH", refused.Message);
        Assert.Equal(127, node.Agent.Local.InspectExec(exec).ExitCode);
        await Assert.ThrowsAsync<ClusterException>(() => node.Agent.Local.TakeExecAsync(exec, CancellationToken.None));
    }

    [Fact]
    public async Task Use_and_processes_of_a_container_are_told()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string id = await RunAsync(node);
        ContainerSample sample = (await node.Agent.Local.SampleAsync(id, CancellationToken.None))!;
        Assert.True(sample.Cpu.Total > 0 && sample.Cpu.Machine > sample.Cpu.Total, $"{sample.Cpu}");
        Assert.InRange(sample.Memory.Usage, 1UL, sample.Memory.Limit);
        Assert.InRange(sample.Pids, 1UL, 5UL);
        ProcessTable table = await node.Agent.Local.ListProcessesAsync(id, "", CancellationToken.None);
        Assert.Equal("PID", table.Titles[1]);
        Assert.Contains(table.Rows, r => r[^1].Contains("sleep 600", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_go_in_and_out_and_no_link_leads_out_of_the_container()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string id = await RunAsync(node, "ln -s /etc /tmp/out; ln -s ../../../../etc/hostname /tmp/name; rm /data -r; mkdir -p /work/sub; echo a > /work/sub/a; exec sleep 600");
        ContainerEngine local = node.Agent.Local;
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "out/planted") { DataStream = new MemoryStream("inside"u8.ToArray()), Mode = (UnixFileMode)0x180, Uid = 5, Gid = 6 });
        }

        archive.Position = 0;
        await local.WriteArchiveAsync(id, "/tmp", keepKinds: false, toContainerUser: false, archive, CancellationToken.None);
        Assert.False(File.Exists("/etc/planted"));
        (_, string shown, _) = await ExecAsync(node, id, new ExecRequest(["sh", "-c", "cat /etc/planted; stat -c ' %a %u %g' /etc/planted"]), "");
        Assert.Equal("inside 600 5 6\n", shown);

        PathFacts link = await local.StatFileAsync(id, "/tmp/out", CancellationToken.None);
        Assert.Equal(("out", "/etc"), (link.Name, link.LinkTarget));
        Dictionary<string, string> files = await ReadAsync(local, id, "/work");
        Assert.Equal(["work/", "work/sub/", "work/sub/a"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("a\n", files["work/sub/a"]);
        ClusterException none = await Assert.ThrowsAsync<ClusterException>(() => local.StatFileAsync(id, "/nope", CancellationToken.None));
        Assert.Equal($"Could not find the file /nope in container {id}", none.Message);

        ValueList<FileChange> changes = await local.ListChangesAsync(id, CancellationToken.None);
        Assert.Contains(new FileChange("/work/sub/a", ChangeKind.Added), changes);
        Assert.Contains(new FileChange("/data", ChangeKind.Deleted), changes);
        Assert.Contains(new FileChange("/etc", ChangeKind.Modified), changes);
    }

    [Fact]
    public async Task Files_of_a_container_that_ended_can_still_be_had()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("echo left > /root/left");
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        string id = task.Id.ContainerId;
        Assert.Equal("left\n", (await ReadAsync(node.Agent.Local, id, "/root/left"))["left"]);
        using var exported = new MemoryStream();
        await node.Agent.Local.ExportAsync(id, () => Task.FromResult<Stream>(exported), CancellationToken.None);
        exported.Position = 0;
        Assert.Contains("root/left", Names(exported));
    }

    private static async Task<string> RunAsync(TestNode node, string script = "exec sleep 600")
    {
        SwarmTask task = node.Shell($"{script} # ready");
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Running);
        string id = task.Id.ContainerId;
        await node.Manager.WaitUntilAsync(
            () => node.Agent.Local.ListProcessesAsync(id, "", CancellationToken.None).GetAwaiter().GetResult().Rows.Any(r => r[^1].StartsWith("sleep 600", StringComparison.Ordinal)), "the script to be done");
        return id;
    }

    private static async Task<(int? Code, string Out, string Error)> ExecAsync(TestNode node, string container, ExecRequest request, string input)
    {
        ContainerEngine local = node.Agent.Local;
        string id = await local.CreateExecAsync(container, request with { AttachStdin = true, AttachStdout = true, AttachStderr = true }, "", CancellationToken.None);
        await local.TakeExecAsync(id, CancellationToken.None);
        using var typed = new MemoryStream(Encoding.UTF8.GetBytes(input));
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var streams = new AttachedStreams(
            async (buffer, ct) => await typed.ReadAsync(buffer, ct),
            async (stream, data, ct) =>
            {
                await (stream == 1 ? output : error).WriteAsync(data, ct);
                return true;
            });
        await local.RunExecAsync(id, streams, null).WaitAsync(Limit);
        return (local.InspectExec(id).ExitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    private static async Task<Dictionary<string, string>> ReadAsync(ContainerEngine local, string container, string path)
    {
        using var archive = new MemoryStream();
        await local.ReadArchiveAsync(container, path, _ => Task.FromResult<Stream>(archive), CancellationToken.None);
        archive.Position = 0;
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        using var tar = new TarReader(archive);
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            files[entry.Name] = entry.DataStream is { } data ? new StreamReader(data).ReadToEnd() : "";
        }

        return files;
    }

    private static List<string> Names(Stream archive)
    {
        var names = new List<string>();
        using var tar = new TarReader(archive);
        while (tar.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }
}
