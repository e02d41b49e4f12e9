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

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry HardLink(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };

    private static PaxTarEntry FileOf(string name, string text) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private async Task ExtractAsync(params TarEntry[] entries)
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
        await LocalTar.ExtractAsync(archive, Target, rename: null, CancellationToken.None);
    }
}
