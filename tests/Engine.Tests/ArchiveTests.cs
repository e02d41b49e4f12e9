using System.Formats.Tar;
using Skep.Engine.Files;
using Skep.Engine.Images;

namespace Skep.Engine.Tests;

/// <summary>Archives that others wrote: what is in them arrives, or is refused by name.</summary>
public sealed class ArchiveTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skep-archive").FullName;

    private string Inside => Path.Combine(_folder, "root", "in");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_hard_link_is_another_name_of_the_same_file()
    {
        await PutAsync(FileOf(".ssh/id", "key"), HardLink(".ssh/again", "./.ssh/id"));

        Assert.Equal("key", await File.ReadAllTextAsync(Path.Combine(Inside, ".ssh", "again")));
    }

    [Fact]
    public async Task A_hard_link_to_what_is_not_there_takes_no_file_away_and_makes_no_directory()
    {
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => PutAsync(FileOf("a", "text"), HardLink("a", "gone/b")));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.Equal("a: a hard link to gone/b, which is not there", refused.Message);
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Inside, "a")));
        Assert.False(Directory.Exists(Path.Combine(Inside, "gone")));
    }

    [Theory]
    [InlineData("d/a", "./d/a")]
    [InlineData("d/a", "by/a")]
    public async Task A_hard_link_to_itself_is_refused_and_the_file_stays(string name, string target)
    {
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(
            () => PutAsync(FileOf("d/a", "text"), new PaxTarEntry(TarEntryType.SymbolicLink, "by") { LinkName = "d" }, HardLink(name, target)));

        Assert.Equal("d/a: a hard link to itself", refused.Message);
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(Inside, "d", "a")));
    }

    [Theory]
    [InlineData("/home/.bashrc", ".bashrc")]
    [InlineData("/a/dir/.", ".")]
    [InlineData("/a/dir/..", "a")]
    [InlineData("/a/./b/", "b")]
    [InlineData("/a/..", "/")]
    [InlineData("/", "/")]
    public void A_file_has_the_name_that_its_path_has_when_it_is_cleaned(string path, string name) => Assert.Equal(name, ContainerEngine.BaseOf(path));

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, ".first/again.tar", "layer.tar")]
    [InlineData(TarEntryType.SymbolicLink, "second/layer.tar", "../.first/layer.tar")]
    [InlineData(TarEntryType.HardLink, "second/layer.tar", ".first/layer.tar")]
    [InlineData(TarEntryType.HardLink, ".hidden/layer.tar", "./.first/layer.tar")]
    public async Task An_image_whose_equal_layers_are_links_is_read(TarEntryType type, string layer, string target)
    {
        MemoryStream image = await TarAsync(
            FileOf("manifest.json", $$"""[{"Config":"c.json","RepoTags":["a:1"],"Layers":[".first/layer.tar","{{layer}}"]}]"""),
            FileOf("c.json", "{}"), FileOf(".first/layer.tar", "layer"), new PaxTarEntry(type, layer) { LinkName = target });

        using ImageArchive archive = await ImageArchive.ExtractAsync(image, Path.Combine(_folder, "image"), CancellationToken.None);

        Assert.Equal(["a:1"], Assert.Single(await archive.ReadImagesAsync(CancellationToken.None)).Names);
    }

    [Fact]
    public async Task An_image_with_a_hard_link_that_leads_out_is_refused()
    {
        MemoryStream image = await TarAsync(HardLink("layer.tar", "../../etc/passwd"));

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => ImageArchive.ExtractAsync(image, Path.Combine(_folder, "image"), CancellationToken.None));

        Assert.Equal("invalid archive: layer.tar is a hard link to ../../etc/passwd, which is outside of it", refused.Message);
    }

    private static PaxTarEntry HardLink(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };

    private static PaxTarEntry FileOf(string name, string text) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private static async Task<MemoryStream> TarAsync(params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                await tar.WriteEntryAsync(entry);
            }
        }

        archive.Position = 0;
        return archive;
    }

    private async Task PutAsync(params TarEntry[] entries)
    {
        Directory.CreateDirectory(Inside);
        using ContainerRoot root = ContainerRoot.OfDirectory(Path.Combine(_folder, "root"));
        await new TarExtractor(root, "/in", keepKinds: false, owner: null).ExtractAsync(await TarAsync(entries), CancellationToken.None);
    }
}
