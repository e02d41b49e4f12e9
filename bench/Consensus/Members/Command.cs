using System.Buffers.Binary;

namespace Skep.Bench.Consensus.Members;

/// <summary>What is replicated: a number, then noise.</summary>
internal static class Command
{
    public const int Size = 300;

    /// <summary>Counted when applied, but not remembered: measurements of memory must not measure this benchmark's own.</summary>
    public const long Anonymous = 0;

    public static byte[] Create(int seed)
    {
        byte[] command = new byte[Size];
        new Random(seed).NextBytes(command);
        SetNumber(command, Anonymous);
        return command;
    }

    public static void SetNumber(Span<byte> command, long number) => BinaryPrimitives.WriteInt64LittleEndian(command, number);

    public static long NumberOf(ReadOnlySpan<byte> command) => BinaryPrimitives.ReadInt64LittleEndian(command);
}
