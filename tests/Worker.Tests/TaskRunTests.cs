using System.Text;
using System.Text.Json.Nodes;
using Skep.Engine.Containers;
using Skep.Engine.Logs;
using Skep.Engine.Oci;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

[Collection("containerd")]
public sealed class TaskRunTests(ContainerdFixture fixture)
{
    [Fact]
    public async Task Task_that_ends_well_is_complete_and_its_output_is_kept()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("echo one; echo two >&2; echo -n three");
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        IReadOnlyList<string> lines = await node.OutputAsync(task.Id);
        Assert.Equal(["one", "three", "two"], lines.Order());
        Assert.Equal(["two"], await node.OutputAsync(task.Id, new LogQuery { Stdout = false }));
        LocalContainer container = Assert.Single(await node.Agent.Local.ListContainersAsync(all: true, CancellationToken.None));
        Assert.Equal(ContainerState.Exited, container.State);
        Assert.Equal(task.Name, container.Name);
        Assert.Equal("front", task.ServiceAnnotations.Labels["tier"]);
    }

    [Fact]
    public async Task Exit_code_is_reported_in_Dockers_words()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("exit 3");
        node.Manager.Put(task);
        SwarmTaskStatus status = await node.Manager.WaitAsync(task.Id, TaskState.Failed);
        Assert.Equal("task: non-zero exit (3)", status.Error);
        Assert.Equal(3, status.Container!.ExitCode);
        await node.Manager.WaitUntilAsync(() => node.Manager.AgreedHeartbeats > 0, "heartbeat with the right checksum");
    }

    [Fact]
    public async Task Unknown_image_rejects_the_task_with_every_reason()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        SwarmTask task = node.Shell("true", c => c with { Image = "localhost:1/none" });
        node.Manager.Put(task);
        SwarmTaskStatus status = await node.Manager.WaitAsync(task.Id, TaskState.Rejected);
        Assert.StartsWith("No such image: localhost:1/none:latest", status.Error);
        Assert.Contains("no manager has it", status.Error);
    }

    [Fact]
    public async Task Environment_user_templates_files_and_mounts_are_as_asked()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        var secret = new Secret(new SecretId("s1")) { Spec = new SecretSpec(new Annotations("key")) { Data = SensitiveBytes.From("hunter2"u8) } };
        var config = new Config(new ConfigId("c1")) { Spec = new ConfigSpec(new Annotations("conf")) { Data = "plain"u8.ToArray().ToValueList(), Templating = null } };
        SwarmTask task = node.Shell(
            """
            echo env=$SLOT,$FROM_IMAGE,$HOSTNAME; id -u; id -g; id -G; hostname; pwd
            cat /run/secrets/key; echo; stat -c '%a %u:%g' /run/secrets/key; cat /etc/conf; echo
            cat /vol/seed; touch /vol/mine && echo vol-writable; touch /data/x 2>/dev/null || echo ro
            grep -c ' /scratch tmpfs' /proc/mounts; cat /etc/hostname; grep CapEff /proc/self/status; ulimit -n
            """,
            c => c with
            {
                Env = ["SLOT={{.Service.Name}}-{{.Task.Slot}}-{{index .Service.Labels \"tier\"}}"],
                User = "app",
                Groups = ["29"],
                Hostname = "{{.Node.Hostname}}-x",
                Directory = "/tmp",
                ReadOnly = true,
                Secrets = [new SecretReference(secret.Id, "key", new FileTarget("key", "1000", "0", 0x100))],
                Configs = [new ConfigReference(config.Id, "conf", new FileTarget("/etc/conf", "0", "0", 0x124))],
                Mounts = [new Mount(MountKind.Volume, "named-{{.Task.Slot}}", "/data2") { ReadOnly = false }, new Mount(MountKind.Volume, "seeded", "/vol") { Volume = new VolumeOptions() }, new Mount(MountKind.Tmpfs, "", "/scratch") { Tmpfs = new TmpfsOptions(1 << 20, 0) }],
                Ulimits = [new Ulimit("nofile", 123, 456)],
            });
        node.Manager.Put(new AssignmentItem.SecretData(secret), new AssignmentItem.ConfigData(config));
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, s => s.State > TaskState.Running, "ended");
        string output = string.Join('\n', await node.OutputAsync(task.Id, new LogQuery { Follow = true, Stderr = false }));
        Assert.Contains($"env=web-1-front,yes,{node.Options.Hostname}-x\n1000\n1001\n1001 29\n{node.Options.Hostname}-x\n/tmp\n", output);
        Assert.Contains("hunter2\n400 1000:0\nplain\n", output);
        Assert.Contains("\nro\n1\n", output);
        Assert.Contains("CapEff:\t0000000000000000\n123", output);
        Assert.Contains("named-1", (await node.Agent.Local.ListVolumesAsync(CancellationToken.None)).Select(v => v.Name));
    }

    [Fact]
    public async Task Volumes_are_filled_from_the_image_and_anonymous_ones_go_with_the_task()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("cat /data/seed; echo more > /data/more; ls /anon && sleep 60", c => c with { Mounts = [new Mount(MountKind.Volume, "dd", "/data"), new Mount(MountKind.Volume, "", "/anon")], StopGracePeriod = TimeSpan.FromMilliseconds(200) });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Running);
        Assert.Equal(2, (await node.Agent.Local.ListVolumesAsync(CancellationToken.None)).Count);
        ClusterException used = await Assert.ThrowsAsync<ClusterException>(() => node.Agent.Local.RemoveVolumeAsync("dd", force: false, CancellationToken.None));
        Assert.StartsWith("remove dd: volume is in use", used.Message);
        node.Manager.Put(task with { DesiredState = TaskState.Shutdown, Spec = task.Spec });
        await node.Manager.WaitAsync(task.Id, TaskState.Shutdown);
        node.Manager.Remove(task.Id);
        SwarmTask second = node.Shell("cat /data/seed /data/more", c => c with { Mounts = [new Mount(MountKind.Volume, "dd", "/data")] });
        node.Manager.Put(second);
        await node.Manager.WaitAsync(second.Id, TaskState.Complete);
        Assert.Equal(["seeded", "more"], await node.OutputAsync(second.Id));
        node.Manager.Remove(second.Id);
    }

    [Fact]
    public async Task Limits_are_enforced_by_the_cgroup()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask quota = node.Shell(
            "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max",
            changeTask: t => t with { Limits = new Resources(500_000_000, 0) { Pids = 33 } });
        SwarmTask hungry = node.Shell("dd if=/dev/zero of=/dev/null bs=200M count=1", changeTask: t => t with { Limits = new Resources(0, 32 << 20) });
        node.Manager.Put(quota);
        node.Manager.Put(hungry);
        await node.Manager.WaitAsync(quota.Id, TaskState.Complete);
        string seen = string.Join(' ', await node.OutputAsync(quota.Id));
        Assert.StartsWith("50000 ", seen);
        Assert.EndsWith(" 33", seen);
        SwarmTaskStatus killed = await node.Manager.WaitAsync(hungry.Id, TaskState.Failed);
        Assert.Equal("task: non-zero exit (137): out of memory (limit 32 MiB)", killed.Error);
    }

    [Fact]
    public async Task Running_only_once_healthy_and_failed_when_no_longer()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        var check = new HealthCheck { Test = ["CMD-SHELL", "test -f /tmp/ok"], Interval = TimeSpan.FromMilliseconds(100), Retries = 2, StartPeriod = TimeSpan.FromSeconds(10), StartInterval = TimeSpan.FromMilliseconds(100) };
        SwarmTask task = node.Shell("trap 'exit 0' TERM; sleep 0.3; touch /tmp/ok; sleep 1; rm /tmp/ok; while true; do sleep 0.1; done", c => c with { HealthCheck = check });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Starting);
        await node.Manager.WaitAsync(task.Id, TaskState.Running);
        Assert.Equal(HealthState.Healthy, (await node.Agent.Local.InspectContainerAsync(task.Name, CancellationToken.None)).Health!.State);
        SwarmTaskStatus failed = await node.Manager.WaitAsync(task.Id, TaskState.Failed);
        Assert.Contains("unhealthy container", failed.Error);
    }

    /// <summary>A probe that floods is read to its end and dropped: what it says lies on the disk of the machine otherwise, in memory even.</summary>
    [Fact]
    public async Task A_probe_that_says_much_is_kept_in_part_and_fills_nothing()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        var check = new HealthCheck { Test = ["CMD-SHELL", "echo first; i=0; while [ $i -lt 40000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; echo told >&2"], Interval = TimeSpan.FromMilliseconds(100) };
        SwarmTask task = node.Shell("while true; do sleep 0.2; done", c => c with { HealthCheck = check });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Running);
        LocalHealthProbe probe = (await node.Agent.Local.InspectContainerAsync(task.Name, CancellationToken.None)).Health!.Log[^1];
        Assert.Equal(0, probe.ExitCode);
        Assert.StartsWith("first\n0123", probe.Output, StringComparison.Ordinal);
        Assert.Equal(4096, probe.Output.Length);
    }

    [Fact]
    public async Task Prepared_task_waits_until_it_is_to_run()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("echo ran") with { DesiredState = TaskState.Ready };
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Ready);
        Assert.Equal(ContainerState.Created, (await node.Agent.Local.InspectContainerAsync(task.Name, CancellationToken.None)).State);
        node.Manager.Put(task with { DesiredState = TaskState.Running });
        await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        Assert.Equal(["ran"], await node.OutputAsync(task.Id));
    }

    [Fact]
    public async Task Stop_is_polite_first_and_removal_leaves_nothing()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask polite = node.Shell("trap 'echo bye; exit 7' USR1; echo up; while true; do sleep 0.05; done", c => c with { StopSignal = "SIGUSR1" });
        SwarmTask deaf = node.Shell("trap '' TERM; echo up; while true; do sleep 0.05; done", c => c with { StopGracePeriod = TimeSpan.FromMilliseconds(300) });
        foreach (SwarmTask task in new[] { polite, deaf })
        {
            node.Manager.Put(task);
            await node.Manager.WaitAsync(task.Id, TaskState.Running);
            await FirstLineAsync(node, task.Id);
            node.Manager.Put(task with { DesiredState = TaskState.Shutdown });
        }

        Assert.Equal(7, (await node.Manager.WaitAsync(polite.Id, TaskState.Shutdown)).Container!.ExitCode);
        Assert.Equal(["up", "bye"], await node.OutputAsync(polite.Id));
        Assert.Equal(137, (await node.Manager.WaitAsync(deaf.Id, TaskState.Shutdown)).Container!.ExitCode);
        node.Manager.Remove(polite.Id);
        node.Manager.Remove(deaf.Id);
        SwarmTask last = node.Shell("true");
        node.Manager.Put(last);
        await node.Manager.WaitAsync(last.Id, TaskState.Complete);
    }

    [Fact]
    public async Task Running_container_is_taken_over_by_the_next_agent_and_no_line_is_lost()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("for i in $(seq 1 300); do echo line $i; test $((i % 20)) = 0 && sleep 0.05; done; sleep 0.2; exit 5");
        node.Manager.Put(task);
        int pid = (await node.Manager.WaitAsync(task.Id, TaskState.Running)).Container!.Pid;
        await FirstLineAsync(node, task.Id);
        await node.CloseAsync();
        await node.OpenAsync();
        SwarmTaskStatus ended = await node.Manager.WaitAsync(task.Id, TaskState.Failed);
        Assert.Equal(5, ended.Container!.ExitCode);
        Assert.True(pid > 0);
        Assert.Equal(Enumerable.Range(1, 300).Select(i => $"line {i}"), await node.OutputAsync(task.Id));
        Assert.Equal(["line 299", "line 300"], await node.OutputAsync(task.Id, new LogQuery { Tail = 2 }));
    }

    [Fact]
    public async Task Container_with_an_init_process_a_custom_seccomp_profile_or_without_capabilities_runs()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask init = node.Shell("cat /proc/1/comm", c => c with { Init = true });
        SwarmTask custom = node.Shell("mkdir /tmp/d && echo made || echo refused", c => c with
        {
            Privileges = new Privileges { SeccompMode = "custom", SeccompProfile = """{"defaultAction":"SCMP_ACT_ALLOW","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}""" },
            CapabilityDrop = ["ALL"],
        });
        SwarmTask denied = node.Shell("mount -t tmpfs x /tmp || echo no-mount", c => c with { CapabilityAdd = ["NET_ADMIN"] });
        foreach (SwarmTask task in new[] { init, custom, denied })
        {
            node.Manager.Put(task);
        }

        foreach (SwarmTask task in new[] { init, custom, denied })
        {
            await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        }

        Assert.Contains((await node.OutputAsync(init.Id)).Single(), (string[])["docker-init", "tini", "catatonit"]);
        Assert.Contains("refused", await node.OutputAsync(custom.Id));
        Assert.Contains("no-mount", await node.OutputAsync(denied.Id));
    }

    [Fact]
    public async Task Terminal_of_a_service_is_one_stream()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        SwarmTask task = node.Shell("test -t 1 && echo tty", c => c with { Tty = true });
        node.Manager.Put(task);
        SwarmTaskStatus status = await node.Manager.WaitAsync(task.Id, s => s.State > TaskState.Running, "ended");
        Assert.Equal("", status.Error);
        Assert.Equal(["tty\r"], await node.OutputAsync(task.Id));
    }

    private static async Task FirstLineAsync(TestNode node, TaskId task)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await foreach (LogLine line in node.Agent.Local.ReadLogsAsync(task.ContainerId, new LogQuery { Follow = true }, limit.Token))
        {
            return;
        }
    }
}
