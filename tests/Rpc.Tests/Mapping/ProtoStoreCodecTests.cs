using System.Buffers;
using Google.Protobuf;
using Skep.Model;
using Skep.Rpc.Mapping;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Tests.Mapping;

public sealed class ProtoStoreCodecTests
{
    private static readonly ProtoStoreCodec Codec = new();

    [Fact]
    public void Equal_objects_have_equal_bytes_however_their_maps_were_filled()
    {
        Dictionary<string, string> labels = Enumerable.Range(0, 50).ToDictionary(i => $"k{i}", i => $"v{i}");
        Config one = Named(labels.ToValueMap());
        Config two = Named(labels.Reverse().ToValueMap());

        Assert.Equal(one, two);
        Assert.Equal(Encode(one), Encode(two));
    }

    [Fact]
    public void Unknown_enum_numbers_are_refused_by_name()
    {
        Proto.Node node = new ModelGenerator(new Random(1), sparse: false).Make<Node>().ToProto();
        node.Status.State = 77;

        ClusterException refused = Assert.Throws<ClusterException>(() => node.ToModel());

        Assert.Equal(ErrorKind.Internal, refused.Kind);
        Assert.Contains("NodeState 77", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_of_another_kind_are_refused()
        => Assert.Throws<ClusterException>(() => Codec.DecodeObject(ObjectKind.Node, Encode(Named(ValueMap<string, string>.Empty))));

    [Fact]
    public void Broken_bytes_are_refused()
    {
        byte[] bytes = Encode(new ModelGenerator(new Random(1), sparse: false).Make<Service>());

        Assert.Throws<ClusterException>(() => Codec.DecodeObject(ObjectKind.Service, bytes.AsMemory(0, bytes.Length - 1)));
        Assert.Throws<ClusterException>(() => Codec.DecodeObject(ObjectKind.Service, default));
        Assert.Throws<ClusterException>(() => Codec.DecodeBatch(new byte[] { 0xff }));
    }

    [Fact]
    public void A_batch_says_its_format_and_one_of_a_newer_is_not_guessed_at()
    {
        var output = new ArrayBufferWriter<byte>();
        Codec.EncodeBatch(new ChangeBatch(DateTimeOffset.UnixEpoch, []), output);
        Proto.Batch batch = Proto.Batch.Parser.ParseFrom(output.WrittenSpan);
        Assert.Equal(ProtoStoreCodec.Format, batch.Format);

        batch.Format++;

        Assert.Equal(batch.Format, Assert.Throws<NewerFormatException>(() => Codec.DecodeBatch(batch.ToByteArray())).Format);
        batch.Format = 0; // Of before formats were written.
        Assert.Empty(Codec.DecodeBatch(batch.ToByteArray()).Changes);
    }

    [Fact]
    public void Messages_without_a_needed_part_are_refused()
    {
        ClusterException refused = Assert.Throws<ClusterException>(() => new Proto.Service { Id = "s", Meta = new Proto.Meta() }.ToModel());

        Assert.Contains("service.Spec", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Durations_that_do_not_fit_are_refused()
    {
        var cluster = new ModelGenerator(new Random(1), sparse: false).Make<Cluster>();
        cluster = cluster with { Spec = cluster.Spec with { HeartbeatPeriod = TimeSpan.MaxValue } };

        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<ClusterException>(() => cluster.ToProto()).Kind);
    }

    [Fact]
    public void Times_keep_their_ticks_and_lose_their_offset()
    {
        var moment = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.FromHours(2)).AddTicks(1234567);

        Assert.Equal(moment.ToUniversalTime(), moment.ToNanos().ToTime());
        Assert.Equal(TimeSpan.Zero, moment.ToNanos().ToTime().Offset);
        Assert.Equal(default, default(DateTimeOffset).ToNanos().ToTime());
    }

    private static Config Named(ValueMap<string, string> labels)
        => new(new ConfigId("c")) { Spec = new ConfigSpec(new Annotations("name") { Labels = labels }) };

    private static byte[] Encode(IStoredObject stored)
    {
        var output = new ArrayBufferWriter<byte>();
        Codec.EncodeObject(stored, output);
        return output.WrittenSpan.ToArray();
    }
}
