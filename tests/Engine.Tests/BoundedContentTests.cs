using Skep.Engine.Images;

namespace Skep.Engine.Tests;

public sealed class BoundedContentTests
{
    [Fact]
    public async Task What_is_as_small_as_it_has_to_be_is_read_whole()
        => Assert.Equal(BoundedContent.MostBytes, (await BoundedContent.ReadAsync(new MemoryStream(new byte[BoundedContent.MostBytes]), "it", CancellationToken.None)).Length);

    [Fact]
    public async Task An_endless_manifest_is_given_up_early()
    {
        var endless = new Endless();
        ClusterException e = await Assert.ThrowsAsync<ClusterException>(() => BoundedContent.ReadAsync(endless, "the manifest of app:1", CancellationToken.None));
        Assert.Equal("the manifest of app:1 is larger than 4 MiB, the most that a manifest or config may have", e.Message);
        Assert.InRange(endless.Given, BoundedContent.MostBytes, BoundedContent.MostBytes + (64 << 10));
    }

    private sealed class Endless : ReadStream
    {
        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Given += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
