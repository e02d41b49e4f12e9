using System.Formats.Tar;
using Skep.Cli.Containers;

namespace Skep.Cli.Tests;

/// <summary>What <c>cp</c> unpacks may come from a hostile machine: nothing of it is written outside of its target.</summary>
public sealed class LocalTarTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skep-tar").FullName;

    private string Victim => Path.Combine(_folder, "victim");

    private string Target => Directory.CreateDirectory(Path.Combine(_folder, "target")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_hard_link_does_not_write_through_a_symbolic_link_of_its_name()
    {
        await File.WriteAllTextAsync(Victim, "mine");

        await ExtractAsync(Link("d/p", Victim), FileOf("d/evil", "yours"), HardLink("d/p", "d/evil"));

        Assert.Equal("mine", await File.ReadAllTextAsync(Victim));
        Assert.Equal("yours", await File.ReadAllTextAsync(Path.Combine(Target, "d", "p")));
    }

    [Fact]
    public async Task A_hard_link_does_not_read_through_a_symbolic_link()
    {
        await File.WriteAllTextAsync(Victim, "mine");

        CliException refused = await Assert.ThrowsAsync<CliException>(() => ExtractAsync(Link("s", Victim), HardLink("copy", "s")));

        Assert.Contains("through a link", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_replaces_a_link_of_its_name_and_a_directory_does_too()
    {
        await File.WriteAllTextAsync(Victim, "mine");
        string outside = Directory.CreateDirectory(Path.Combine(_folder, "outside")).FullName;

        await ExtractAsync(Link("f", Victim), FileOf("f", "yours"), Link("e", outside), new PaxTarEntry(TarEntryType.Directory, "e"), FileOf("e/x", "yours"));

        Assert.Equal("mine", await File.ReadAllTextAsync(Victim));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    public async Task Names_that_lead_out_are_refused(string name) => await Assert.ThrowsAsync<CliException>(() => ExtractAsync(FileOf(name, "x")));

    [Fact]
    public async Task Hard_links_follow_the_new_name_of_what_is_copied()
    {
        await ExtractAsync("new", Folder("dir/"), FileOf("dir/a", "text"), HardLink("dir/b", "dir/a"), Folder("dir/deep/"), HardLink("dir/deep/c", "dir/a"));

        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Target, "new", "b")));
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Target, "new", "deep", "c")));
        Assert.False(Directory.Exists(Path.Combine(Target, "dir")));
    }

    [Theory]
    [InlineData("./")]
    [InlineData("/")]
    public async Task What_is_in_a_directory_comes_below_its_new_name(string whole)
    {
        await ExtractAsync("new", Folder(whole), FileOf($"{whole}a", "text"), HardLink($"{whole}b", $"{whole}a"), FileOf($"{whole}.hidden", "h"));

        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Target, "new", "b")));
        Assert.Equal("h", await File.ReadAllTextAsync(Path.Combine(Target, "new", ".hidden")));
    }

    [Fact]
    public async Task A_name_that_begins_with_a_dot_is_replaced_as_any_other()
    {
        await ExtractAsync("new", Folder(".ssh/"), FileOf(".ssh/id", "key"), HardLink(".ssh/again", ".ssh/id"));
        await ExtractAsync("rc", FileOf(".bashrc", "alias"));
        await ExtractAsync("dots", FileOf("..rc", "two"));

        Assert.Equal("key", await File.ReadAllTextAsync(Path.Combine(Target, "new", "id")));
        Assert.Equal("key", await File.ReadAllTextAsync(Path.Combine(Target, "new", "again")));
        Assert.Equal("alias", await File.ReadAllTextAsync(Path.Combine(Target, "rc")));
        Assert.Equal("two", await File.ReadAllTextAsync(Path.Combine(Target, "dots")));
    }

    [Fact]
    public async Task A_hard_link_to_what_is_not_in_the_archive_is_refused_by_name()
    {
        CliException refused = await Assert.ThrowsAsync<CliException>(() => ExtractAsync(HardLink("d/copy", "d/gone")));

        Assert.Equal("the archive makes d/copy a hard link to d/gone, which is not in it", refused.Message);
    }

    [Fact]
    public async Task A_hard_link_to_itself_is_refused_and_the_file_stays()
    {
        CliException refused = await Assert.ThrowsAsync<CliException>(() => ExtractAsync(FileOf("d/a", "text"), HardLink("d/a", "./d/a")));

        Assert.Equal("the archive makes d/a a hard link to itself", refused.Message);
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Target, "d", "a")));
    }

    [Fact]
    public async Task Another_name_of_a_pipe_is_left_out_with_it()
    {
        await ExtractAsync(new PaxTarEntry(TarEntryType.Fifo, "d/pipe"), HardLink("d/again", "d/pipe"), FileOf("d/a", "text"));

        Assert.Equal(["a"], Directory.GetFileSystemEntries(Path.Combine(Target, "d")).Select(Path.GetFileName));
    }

    private static PaxTarEntry Folder(string name) => new(TarEntryType.Directory, name);

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry HardLink(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };

    private static PaxTarEntry FileOf(string name, string text) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private Task ExtractAsync(params TarEntry[] entries) => ExtractAsync(null, entries);

    private async Task ExtractAsync(string? rename, params TarEntry[] entries)
    {
        Directory.CreateDirectory(Path.Combine(Target, "d"));
        using var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                await tar.WriteEntryAsync(entry);
            }
        }

        archive.Position = 0;
        await LocalTar.ExtractAsync(archive, Target, rename, CancellationToken.None);
    }
}
