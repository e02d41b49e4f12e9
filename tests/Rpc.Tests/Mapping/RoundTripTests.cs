using System.Buffers;
using Google.Protobuf;
using Skep.Model;
using Skep.Rpc.Mapping;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Tests.Mapping;

/// <summary>Everything of Model survives the wire. A property added to Model fails here until it is mapped.</summary>
public sealed class RoundTripTests
{
    private const int Rounds = 60;

    private static readonly ProtoStoreCodec Codec = new();

    public static TheoryData<ObjectKind> Kinds => [.. Enum.GetValues<ObjectKind>()];

    public static TheoryData<Type> ItemTypes => [.. typeof(AssignmentItem).GetNestedTypes().Where(t => t.IsAssignableTo(typeof(AssignmentItem)))];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_stored_object_survives_the_codec(ObjectKind kind)
    {
        Type type = typeof(IStoredObject).Assembly.GetType($"Skep.Model.{kind}", throwOnError: true)!;
        ForEachGenerator(generator =>
        {
            var stored = (IStoredObject)generator.Make(type);
            byte[] bytes = Encode(stored);

            IStoredObject back = Codec.DecodeObject(kind, bytes);

            Assert.Equal(stored, back);
            Assert.Equal(bytes, Encode(back));
        });
    }

    [Fact]
    public void Every_batch_survives_the_codec()
    {
        var kinds = new HashSet<Type>();
        ForEachGenerator(generator =>
        {
            var batch = generator.Make<ChangeBatch>();
            kinds.UnionWith(batch.Changes.Select(c => c.GetType()));
            var output = new ArrayBufferWriter<byte>();
            Codec.EncodeBatch(batch, output);

            Assert.Equal(batch, Codec.DecodeBatch(output.WrittenMemory));
        });
        Assert.Equal(4, kinds.Count);
    }

    [Theory]
    [MemberData(nameof(ItemTypes))]
    public void Every_assignment_survives(Type type)
        => ForEachGenerator(generator =>
        {
            var item = (AssignmentItem)generator.Make(type);
            Assert.Equal(item, Again(item.ToProto(), Proto.AssignmentItem.Parser).ToModel());
        });

    [Fact]
    public void Every_assignment_change_survives()
        => ForEachGenerator(generator =>
        {
            var change = generator.Make<AssignmentChange>();
            Assert.Equal(change, Again(change.ToProto(), Proto.Assignments.Parser).ToModel());
        });

    [Fact]
    public void Every_report_and_description_survives()
        => ForEachGenerator(generator =>
        {
            var report = generator.Make<TaskReport>();
            var description = generator.Make<NodeDescription>();
            Assert.Equal(report, Again(report.ToProto(), Proto.TaskReport.Parser).ToModel());
            Assert.Equal(description, Again(description.ToProto(), Proto.NodeDescription.Parser).ToModel());
        });

    [Fact]
    public void The_generator_leaves_nothing_at_its_default()
    {
        var task = new ModelGenerator(new Random(1), sparse: false).Make<SwarmTask>();

        Assert.NotNull(task.Spec.Container.Mounts[0].Volume!.Driver);
        Assert.NotNull(task.NotBefore);
        Assert.NotEmpty(task.Spec.Placement.Constraints);
        Assert.True(task.Spec.Container.Init);
    }

    private static void ForEachGenerator(Action<ModelGenerator> check)
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            check(new ModelGenerator(new Random(seed), sparse: seed % 2 == 1));
        }
    }

    private static byte[] Encode(IStoredObject stored)
    {
        var output = new ArrayBufferWriter<byte>();
        Codec.EncodeObject(stored, output);
        return output.WrittenSpan.ToArray();
    }

    private static T Again<T>(T message, MessageParser<T> parser)
        where T : IMessage<T>
        => parser.ParseFrom(message.ToByteArray());
}
