using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Skep.Hostile.Lies;

/// <summary>Messages of the right form with values nobody would send: enum numbers that are none, times at the ends of time, texts with control characters, lists too long.</summary>
internal sealed class RandomMessages(Random random)
{
    private const int Deepest = 6;

    private static readonly long[] Edges = [0, 1, -1, 77, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, uint.MaxValue, 1_000_000_000];

    /// <summary>Names that mean something: of nodes, tasks and services there are.</summary>
    public IReadOnlyList<string> Known { get; init; } = [];

    public int Below(int limit) => random.Next(limit);

    public bool Toss() => random.Next(2) == 0;

    public IMessage Make(MessageDescriptor type, int depth = 0)
    {
        IMessage message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (FieldDescriptor field in type.Fields.InDeclarationOrder())
        {
            if (random.Next(5) == 0 || (depth > Deepest && field.FieldType == FieldType.Message))
            {
                continue;
            }

            if (field.IsMap)
            {
                continue; // None of ours has one.
            }

            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                for (int n = random.Next(random.Next(20) == 0 ? 200 : 4); n > 0; n--)
                {
                    list.Add(Value(field, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, depth));
            }
        }

        return message;
    }

    private object Value(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.Message => Make(field.MessageType, depth + 1),
        FieldType.String => Text(),
        FieldType.Bytes => ByteString.CopyFrom(Bytes()),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Double => random.Next(3) switch { 0 => double.NaN, 1 => double.MaxValue, _ => random.NextDouble() },
        FieldType.Float => (float)random.NextDouble(),
        FieldType.UInt64 or FieldType.Fixed64 => unchecked((ulong)Number()),
        FieldType.UInt32 or FieldType.Fixed32 => unchecked((uint)Number()),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Number(),
        _ => unchecked((int)Number()),
    };

    private long Number() => random.Next(3) == 0 ? random.NextInt64() : Edges[random.Next(Edges.Length)];

    private byte[] Bytes()
    {
        byte[] bytes = new byte[random.Next(random.Next(20) == 0 ? 20_000 : 64)];
        random.NextBytes(bytes);
        return bytes;
    }

    private string Text() => random.Next(9) switch
    {
        0 => "",
        1 => "\u001b[2J\u0007",
        2 => "a\nb\0c",
        3 => "$(touch /tmp/x)",
        4 => new string('x', random.Next(100_000)),
        5 => "bad host:xx",
        6 => "10.0.0.1:2377",
        _ => Known.Count > 0 ? Known[random.Next(Known.Count)] : "n1",
    };
}
