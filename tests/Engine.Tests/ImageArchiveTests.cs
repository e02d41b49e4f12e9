using System.IO.Compression;
using System.Text;
using Skep.Engine.Images;
using Skep.Testing.Containers;

namespace Skep.Engine.Tests;

public sealed class ImageArchiveTests
{
    public static TheoryData<string, byte[]> NoArchives => new()
    {
        { "nothing", [] },
        { "a letter", [0x41] },
        { "a text", Encoding.ASCII.GetBytes("FROM busybox\nRUN true\n") },
        { "a long text", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("#!/bin/sh\necho hello\n", 200))) },
        { "random bytes", Random(5000) },
        { "zipped text", Zip(Encoding.ASCII.GetBytes("hello")) },
        { "the beginning of gzip", [0x1f, 0x8b, 0x08, 0x00, 0x01] },
        { "a tar without an image", TestImage.Layer([("readme", "no image", 0x1a4)]) },
        { "zeros", new byte[4096] },
    };

    [Theory]
    [MemberData(nameof(NoArchives))]
    public async Task What_is_no_archive_of_an_image_is_told_in_one_way(string what, byte[] bytes)
    {
        string directory = Path.Combine(Path.GetTempPath(), "skt-arc-" + Path.GetRandomFileName());
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(async () =>
        {
            using ImageArchive archive = await ImageArchive.ExtractAsync(new MemoryStream(bytes), directory, CancellationToken.None);
            await archive.ReadImagesAsync(CancellationToken.None);
        });
        Assert.True(refused.Kind == ErrorKind.InvalidArgument, what);
        Assert.StartsWith("invalid archive: what was sent is not the archive of an image; that is a tar file", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task An_archive_that_is_cut_off_is_said_to_be_invalid_not_something_else()
    {
        string directory = Path.Combine(Path.GetTempPath(), "skt-arc-" + Path.GetRandomFileName());
        byte[] whole = TestImage.SavedTar("busy:1");
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => ImageArchive.ExtractAsync(new MemoryStream(whole, 0, whole.Length / 2), directory, CancellationToken.None));
        Assert.StartsWith("invalid archive: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not the archive of an image", refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Zip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionMode.Compress, leaveOpen: true))
        {
            zip.Write(bytes);
        }

        return stream.ToArray();
    }
}
