using Skep.Api.Cluster;
using Skep.Manager.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Api.Tests;

/// <summary>The stock docker program against the API: what it sends is understood, what it gets it can print.</summary>
public sealed class DockerCliTests
{
    [DockerFact]
    public async Task It_manages_services()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        string id = (await DockerCli.OutputAsync(server, "service create -d --name web --replicas 3 -p 8080:80 --limit-memory 64m --constraint node.role==manager --mount type=volume,src=v,dst=/d nginx:1")).Trim();

        Assert.Equal(25, id.Length);
        Assert.Contains("web replicated 0/3 nginx:1", await DockerCli.TableAsync(server, "service ls"), StringComparison.Ordinal);
        Assert.Contains("Constraints:\t[node.role==manager]", await DockerCli.OutputAsync(server, "service inspect --pretty web"), StringComparison.Ordinal);
        await DockerCli.OutputAsync(server, "service scale -d web=5");
        await DockerCli.OutputAsync(server, "service update -d --image nginx:2 --env-add A=1 --update-parallelism 2 web");
        Service updated = server.Manager.Service("web");
        Assert.Equal(("nginx:2", 5UL, 2UL), (updated.Spec.Task.Container.Image, ((ServiceMode.Replicated)updated.Spec.Mode).Replicas, updated.Spec.Update!.Parallelism));
        await DockerCli.OutputAsync(server, "service rollback -d web");
        Assert.Equal("nginx:1", server.Manager.Service("web").Spec.Task.Container.Image);
        Assert.Equal("web\n", await DockerCli.OutputAsync(server, "service rm web"));

        (int exit, _, string error) = await DockerCli.RunAsync(server, "service inspect web");
        Assert.Equal(1, exit);
        Assert.Contains("no such service: web", error, StringComparison.Ordinal);
    }

    [DockerFact]
    public async Task It_shows_tasks_and_nodes()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await DockerCli.OutputAsync(server, "service create -d --name web nginx");
        Service service = server.Manager.Service("web");
        await server.Manager.CommitAsync([new StoreChange.Create(Running(server, service, "taskone0000000000000000001"))]);

        Assert.Contains("web.1 nginx:latest m1 Running", await DockerCli.TableAsync(server, "service ps web"), StringComparison.Ordinal);
        Assert.Contains("web.1 nginx:latest m1 Running", await DockerCli.TableAsync(server, "node ps m1"), StringComparison.Ordinal);
        Assert.Contains("m1 Ready Active Leader 0.1.0", await DockerCli.TableAsync(server, "node ls"), StringComparison.Ordinal);
        await DockerCli.OutputAsync(server, "node update --label-add zone=a --availability drain m1");
        Node node = server.Manager.Store.View().Nodes.Find(server.Manager.Self)!;
        Assert.Equal((NodeAvailability.Drain, "a"), (node.Spec.Availability, node.Spec.Annotations.Labels["zone"]));
        (int exit, _, string error) = await DockerCli.RunAsync(server, "node demote m1");
        Assert.Equal((1, "Error response from daemon: attempting to demote the last manager of the swarm"), (exit, error.Trim()));
        Assert.Contains("Raft Status: Reachable", await DockerCli.TableAsync(server, "node inspect --pretty self"), StringComparison.Ordinal);
    }

    [DockerFact]
    public async Task It_manages_networks_secrets_and_configs()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await DockerCli.OutputAsync(server, "network create -d overlay --attachable --subnet 10.1.0.0/24 net");
        Assert.Contains("net overlay swarm", await DockerCli.TableAsync(server, "network ls"), StringComparison.Ordinal);
        await DockerCli.OutputAsync(server, "secret create key -", input: "hunter2");
        await DockerCli.OutputAsync(server, "config create conf -", input: "a=b");
        Assert.Contains("key", await DockerCli.OutputAsync(server, "secret ls"), StringComparison.Ordinal);
        Assert.DoesNotContain("aHVudGVyMg", await DockerCli.OutputAsync(server, "secret inspect key"), StringComparison.Ordinal);
        Assert.Contains("a=b", await DockerCli.OutputAsync(server, "config inspect --pretty conf"), StringComparison.Ordinal);
        await DockerCli.OutputAsync(server, "service create -d --name web --network net --secret key --config conf nginx");

        (int exit, _, string error) = await DockerCli.RunAsync(server, "secret rm key");
        Assert.Equal((1, "Error response from daemon: secret 'key' is in use by the following service: web"), (exit, error.Trim()));
        await DockerCli.OutputAsync(server, "service rm web");
        await DockerCli.OutputAsync(server, "secret rm key");
        await DockerCli.OutputAsync(server, "config rm conf");
        await DockerCli.OutputAsync(server, "network rm net");
    }

    [DockerFact]
    public async Task It_sees_the_swarm()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();

        Assert.Contains("Swarm: active", await DockerCli.OutputAsync(server, "info"), StringComparison.Ordinal);
        Assert.Contains("API version:      1.50 (minimum version 1.24)", await DockerCli.OutputAsync(server, "version"), StringComparison.Ordinal);
        string token = (await DockerCli.OutputAsync(server, "swarm join-token -q worker")).Trim();
        Assert.Contains("SWMTKN-1-", await DockerCli.OutputAsync(server, "swarm join-token --rotate worker"), StringComparison.Ordinal);
        Assert.NotEqual(token, server.Manager.Store.View().Cluster!.JoinTokens.Worker);
        await DockerCli.OutputAsync(server, "swarm update --task-history-limit 3 --cert-expiry 48h");
        Assert.Equal(3, server.Manager.Store.View().Cluster!.Spec.TaskHistoryLimit);
        Assert.Contains("BEGIN CERTIFICATE", await DockerCli.OutputAsync(server, "swarm ca"), StringComparison.Ordinal);
        Assert.Contains("    SWMKEY-1-", await DockerCli.OutputAsync(server, "swarm update --autolock=true"), StringComparison.Ordinal);
        string key = await DockerCli.OutputAsync(server, "swarm unlock-key -q");
        Assert.NotEqual(key, await DockerCli.OutputAsync(server, "swarm unlock-key -q --rotate"));
    }

    [DockerFact]
    public async Task It_deploys_and_removes_a_stack()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        string file = Path.Combine(server.ConfigPath, "stack.yml");
        await File.WriteAllTextAsync(
            file,
            """
            version: "3.8"
            services:
              web:
                image: nginx:1
                ports: ["8080:80"]
                deploy: {replicas: 2, update_config: {order: start-first}}
                networks: [front]
                secrets: [key]
                configs: [conf]
              db:
                image: redis
                deploy: {mode: global}
            networks: {front: {}}
            secrets: {key: {file: ./stack.yml}}
            configs: {conf: {file: ./stack.yml}}
            """);

        await DockerCli.OutputAsync(server, "stack deploy -d -c stack.yml app");
        Assert.Contains("app 2", await DockerCli.TableAsync(server, "stack ls"), StringComparison.Ordinal);
        Assert.Contains("app_web replicated 0/2 nginx:1", await DockerCli.TableAsync(server, "stack services app"), StringComparison.Ordinal);
        ObjectVersion before = server.Manager.Service("app_web").SpecVersion;
        await DockerCli.OutputAsync(server, "stack deploy -d -c stack.yml app");
        Assert.Equal(before, server.Manager.Service("app_web").SpecVersion);

        await File.WriteAllTextAsync(file, await File.ReadAllTextAsync(file) + "\n");
        (int exit, _, string error) = await DockerCli.RunAsync(server, "stack deploy -d -c stack.yml app");
        Assert.Equal(1, exit);
        Assert.Contains("only updates to Labels are allowed", error, StringComparison.Ordinal);

        await DockerCli.OutputAsync(server, "stack rm app");
        StoreView view = server.Manager.Store.View();
        Assert.Empty(view.Services);
        Assert.Empty(view.Secrets);
        Assert.Empty(view.Configs);
        Assert.All(view.Networks, n => Assert.True(n.Spec.Ingress || n.IsPredefined()));
    }

    [DockerFact]
    public async Task It_follows_events_of_the_cluster()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using var feedEnds = new CancellationTokenSource();
        Task feeding = ClusterEventFeed.RunAsync(server.Control!, server.Events, TimeProvider.System, feedEnds.Token);
        long until = DateTimeOffset.UtcNow.AddSeconds(4).ToUnixTimeSeconds();
        Task<string> events = DockerCli.OutputAsync(server, $"events --until {until} --filter scope=swarm --filter type=service");
        do
        {
            await DockerCli.OutputAsync(server, "service create -d --name web nginx");
            await DockerCli.OutputAsync(server, "service rm web");
        }
        while (!events.IsCompleted);

        string told = await events;
        Assert.Contains("service create", told, StringComparison.Ordinal);
        Assert.Contains("service remove", told, StringComparison.Ordinal);
        Assert.Contains("(name=web)", told, StringComparison.Ordinal);
        await feedEnds.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding);
    }

    internal static SwarmTask Running(ApiHarness server, Service service, string id) => new(new TaskId(id), service.Id, 1)
    {
        Node = server.Manager.Self,
        Spec = service.Spec.Task,
        SpecVersion = service.SpecVersion,
        ServiceAnnotations = service.Spec.Annotations,
        Status = new SwarmTaskStatus(TaskState.Running, server.Manager.Time.GetUtcNow()),
    };
}
