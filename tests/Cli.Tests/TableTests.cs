namespace Skep.Cli.Tests;

/// <summary>What verbs print about a small cluster.</summary>
public sealed class TableTests
{
    public static TheoryData<string, string> Cases => new()
    {
        {
            "service ls", """
            ID             NAME      MODE         REPLICAS   IMAGE          PORTS
            svc1svc1svc1   web       replicated   1/1        nginx:latest   *:8080-8081->80-81/tcp, *:53->53/udp

            """
        },
        {
            "service ps web", """
            ID             NAME        IMAGE          NODE      DESIRED STATE   CURRENT STATE              ERROR                              PORTS
            tsk1tsk1tsk1   web.1       nginx:latest   n1        Running         Running 3 seconds ago
            tsk0tsk0tsk0    \_ web.1   nginx:1.27     n1        Shutdown        Failed about an hour ago   "task: non-zero exit (137): ki…"   *:9->9/tcp

            """
        },
        {
            "node ls", """
            ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   ENGINE VERSION
            node1node1node1node1node1 *   n1         Ready     Active         Leader           0.1.0

            """
        },
        {
            "network ls", """
            NETWORK ID     NAME      DRIVER    SCOPE
            net1net1net1   net       overlay   swarm

            """
        },
        {
            "secret ls", """
            ID                          NAME      DRIVER    CREATED         UPDATED
            sec1sec1sec1sec1sec1sec1s   s                   3 seconds ago   3 seconds ago

            """
        },
        {
            "stack ls", """
            NAME      SERVICES
            stk       1

            """
        },
        {
            "image ls", """
            REPOSITORY   TAG       IMAGE ID       CREATED          SIZE
            nginx        latest    0123456789ab   45 seconds ago   188MB

            """
        },
        { "node ls --format {{.Hostname}}|{{.ManagerStatus}}", "n1|Leader\n" },
        { "service ls -q", "svc1svc1svc1\n" },
        { "service ls --format json", """{"ID":"svc1svc1svc1","Image":"nginx:latest","Mode":"replicated","Name":"web","Ports":"*:8080-8081-\u003e80-81/tcp, *:53-\u003e53/udp","Replicas":"1/1"}""" + "\n" },
        { "network ls --format {{.Label", "" },
        { "service logs web", "web.1.tsk1tsk1tsk1@n1    | hello\n" },
        { "service logs --raw web", "hello\n" },
        { "swarm join-token -q manager", "SWMTKN-1-m\n" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Verbs_print_as_docker_does(string command, string expected)
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        CliRun run = await CliRun.Of(engine.Host, command.Split(' '));
        Assert.True(Squeeze(expected) == Squeeze(run.Out), $"wanted:\n{expected}\ngot:\n{run.Out}\n{run.Err}");
    }

    /// <summary>Trailing blanks of a line are nobody's business in a source file.</summary>
    private static string Squeeze(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd()));
}
