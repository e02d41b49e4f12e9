using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Core.Wire;

namespace GrpcTests;

public sealed class WireTests
{
    [Theory]
    [InlineData(0, "1n")]
    [InlineData(-5, "1n")]
    [InlineData(1, "100n")]
    [InlineData(10_000_000, "1000000u")]
    [InlineData(360_000_000_000, "36000000m")]
    public void Timeout_is_written_in_the_finest_unit_that_fits(long ticks, string text) =>
        Assert.Equal(text, GrpcTimeout.Format(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void Timeout_survives_the_round_trip_and_never_shrinks() => Prop.ForAll<long>(ticks =>
    {
        TimeSpan timeout = TimeSpan.FromTicks(Math.Abs(ticks % TimeSpan.FromDays(4000).Ticks) + 1);
        string text = GrpcTimeout.Format(timeout);
        TimeSpan back = GrpcTimeout.Parse(text)!.Value;
        return text.Length <= 9 && back >= timeout && (back - timeout).TotalSeconds <= Math.Max(timeout.TotalSeconds / 1000, 1e-3);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5x")]
    [InlineData("-5S")]
    [InlineData("123456789S")]
    public void Timeout_that_is_none_is_ignored(string? text) => Assert.Null(GrpcTimeout.Parse(text));

    [Fact]
    public void Longest_timeout_does_not_overflow() => Assert.True(GrpcTimeout.Parse("99999999H") > TimeSpan.FromDays(4_000_000));

    [Fact]
    public void Any_text_survives_percent_encoding() => Prop.ForAll<NonNull<string>>(text =>
    {
        string valid = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Get));
        string encoded = PercentEncoding.Encode(valid);
        return encoded.All(c => c is >= ' ' and <= '~') && PercentEncoding.Decode(encoded) == valid;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("100%", "100%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz%41", "%zzA")]
    public void Percent_decoding_is_lenient(string wire, string text) => Assert.Equal(text, PercentEncoding.Decode(wire));

    [Fact]
    public void Binary_metadata_is_read_with_and_without_padding_and_split_at_commas()
    {
        var metadata = new Metadata();
        MetadataCodec.Add(metadata, "A-Bin", "AAE=, AAE,!!");
        MetadataCodec.Add(metadata, "grpc-status", "0");
        MetadataCodec.Add(metadata, "Content-Type", "x");
        Assert.Equal(["a-bin", "a-bin"], metadata.Select(e => e.Key));
        Assert.All(metadata, e => Assert.Equal([0, 1], e.ValueBytes));
        Assert.Equal("AAE", MetadataCodec.ToWire(metadata[0]));
    }

    [Fact]
    public void Metadata_keeps_text_and_bytes_apart()
    {
        Assert.Throws<ArgumentException>(() => new Metadata { { "a-bin", "text" } });
        Assert.Throws<ArgumentException>(() => new Metadata { { "a", new byte[1] } });
        Assert.Throws<ArgumentException>(() => new Metadata { { "a b", "text" } });
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));
    }

    [Fact]
    public async Task Frames_survive_any_cut_and_compression()
    {
        byte[][] payloads = [[], [1], new byte[5000], [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * 31))]];
        foreach (bool gzip in new[] { false, true })
        {
            using var wire = new PooledBuffer();
            var writer = new FrameWriter(wire, 100_000) { Gzip = gzip ? System.IO.Compression.CompressionLevel.Fastest : null };
            foreach (byte[] payload in payloads)
                writer.Write(payload, static (bytes, context) => context.Complete(bytes), mayCompress: true);

            foreach (int cut in new[] { 1, 3, 1000, int.MaxValue })
            {
                var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
                ReadOnlyMemory<byte> rest = wire.WrittenMemory;
                var reader = new FrameReader(pipe.Reader, gzip ? "gzip" : null, 100_000);
                foreach (byte[] payload in payloads)
                {
                    ValueTask<byte[]?> read = reader.ReadAsync(static context => context.PayloadAsNewBuffer(), CancellationToken.None);
                    while (!read.IsCompleted && rest.Length > 0)
                    {
                        int count = Math.Min(cut == 1 && rest.Length > 300 ? 257 : cut, rest.Length);
                        await pipe.Writer.WriteAsync(rest[..count]);
                        rest = rest[count..];
                    }

                    Assert.Equal(payload, await read.AsTask().WaitAsync(Limits.Long));
                }

                await pipe.Writer.CompleteAsync();
                Assert.Null(await reader.ReadAsync(static context => context.PayloadAsNewBuffer(), CancellationToken.None));
            }
        }
    }

    [Fact]
    public void Gzip_that_swells_beyond_the_limit_is_refused()
    {
        using var bomb = new PooledBuffer();
        GzipCoding.Compress(new byte[10_000_000], bomb, System.IO.Compression.CompressionLevel.SmallestSize);
        using var plain = new PooledBuffer();
        GrpcWireException e = Assert.Throws<GrpcWireException>(
            () => GzipCoding.Decompress(new ReadOnlySequence<byte>(bomb.WrittenMemory), plain, 100_000));
        Assert.Equal(StatusCode.ResourceExhausted, e.Status.StatusCode);
    }

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(500, StatusCode.Unknown)]
    public void Http_status_maps(int http, StatusCode code) => Assert.Equal(code, StatusMapping.FromHttpStatus(http));
}
