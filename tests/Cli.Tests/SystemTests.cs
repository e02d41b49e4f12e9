namespace Skep.Cli.Tests;

/// <summary>What a node's own verbs ask and print.</summary>
public sealed class SystemTests
{
    [Fact]
    public async Task Disk_use_is_summed_by_kind()
    {
        await using FakeEngine engine = Answering("/system/df", """
            {"LayersSize":2000000,"Images":[{"Id":"sha256:a","Size":1500000,"SharedSize":0,"Containers":1},{"Id":"sha256:b","Size":500000,"SharedSize":0,"Containers":0}],
             "Containers":[{"Id":"c","State":"running","SizeRw":1000}],"Volumes":[{"Name":"v","Driver":"local","UsageData":{"Size":4000,"RefCount":0}}],"BuildCache":[]}
            """);
        CliRun run = await CliRun.Of(engine.Host, ["system", "df"]);
        Assert.Equal("""
            TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE
            Images          2         1         2MB       500kB (25%)
            Containers      1         1         1kB       0B (0%)
            Local Volumes   1         0         4kB       4kB (100%)
            Build Cache     0         0         0B        0B

            """, run.Out);
    }

    [Fact]
    public async Task Events_are_printed_a_line_each_with_their_attributes_in_order()
    {
        await using FakeEngine engine = Answering("/events", """{"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"name":"web.1","exitCode":"3"}},"scope":"local","time":1767225600,"timeNano":1767225600000000100}""" + "\n");
        CliRun run = await CliRun.Of(engine.Host, ["events", "--since", "10m", "--until", "now", "--filter", "type=container"]);
        Assert.Equal("2026-01-01T00:00:00.000000100Z container die c1 (exitCode=3, name=web.1)\n", run.Out);
        string query = engine.Requests[^1].Query;
        Assert.Contains("since=1767322445.000000000", query);
        Assert.Contains("until=1767323045.000000000", query);
    }

    [Fact]
    public async Task History_shows_the_size_of_each_step()
    {
        await using FakeEngine engine = Answering("/images/app/history", """[{"Id":"sha256:0123456789abcdef","Created":1767323000,"CreatedBy":"CMD x","Size":0},{"Id":"<missing>","Created":1767323000,"CreatedBy":"ADD y","Size":5000000,"Comment":"base"}]""");
        CliRun run = await CliRun.Of(engine.Host, ["history", "app"]);
        Assert.Equal("""
            IMAGE          CREATED          CREATED BY   SIZE      COMMENT
            0123456789ab   45 seconds ago   CMD x        0B        
            <missing>      45 seconds ago   ADD y        5MB       base

            """, run.Out);
    }

    [Fact]
    public async Task Image_is_saved_whole_under_its_name()
    {
        await using FakeEngine engine = Answering("/images/get", "archive");
        string folder = Directory.CreateTempSubdirectory("skt-cli-save-").FullName;
        try
        {
            CliRun run = await CliRun.Of(engine.Host, ["save", "-o", "a.tar", "app:1", "other"], folder: folder);
            Assert.Equal(0, run.ExitCode);
            Assert.Equal("archive", await File.ReadAllTextAsync(Path.Combine(folder, "a.tar")));
            Assert.Single(Directory.GetFiles(folder));
            Assert.Contains("names=app", engine.Requests[^1].Query);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FakeEngine Answering(string path, string body) => new(request => request.Path == path ? new FakeAnswer(200, body) : null);
}
