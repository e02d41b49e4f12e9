using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Logs;

/// <summary>How far a container's output was turned into lines, and how long the lines' file then was.</summary>
/// <remarks>
/// The one truth about progress. Lines are written first, then this record: lines past the recorded length are cut off at recovery and made again
/// from the spool, so a crash between the two neither loses nor doubles one.
/// </remarks>
internal sealed record LogPosition
{
    /// <summary>Bytes taken from each spool.</summary>
    public long Stdout { get; init; }

    public long Stderr { get; init; }

    /// <summary>The file that grows, and how much of it counts.</summary>
    public long Generation { get; init; }

    public long Length { get; init; }

    /// <summary>The oldest file kept.</summary>
    public long Oldest { get; init; }

    public long MaxFileBytes { get; init; }

    public int MaxFiles { get; init; } = 1;

    /// <summary>True once the container has ended and all was read.</summary>
    public bool IsFinished { get; init; }
}

/// <summary>Keeps a <see cref="LogPosition"/> in a file: two slots written in turn, so that a torn write leaves the other.</summary>
internal sealed class LogPositionFile : IDisposable
{
    private const int SlotBytes = 128;
    private const int PayloadBytes = 72;

    private readonly SafeFileHandle _file;
    private ulong _sequence;

    public LogPositionFile(string path)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        Present = Read();
    }

    public LogPosition? Present { get; private set; }

    public void Write(LogPosition position)
    {
        _sequence++;
        Span<byte> slot = stackalloc byte[SlotBytes];
        slot.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(slot, _sequence);
        ReadOnlySpan<long> values =
        [
            position.Stdout, position.Stderr, position.Generation, position.Length, position.Oldest, position.MaxFileBytes, position.MaxFiles, position.IsFinished ? 1 : 0,
        ];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(slot[(8 + (8 * i))..], values[i]);
        }

        SHA256.HashData(slot[..PayloadBytes], slot[PayloadBytes..(PayloadBytes + 32)]);
        RandomAccess.Write(_file, slot, (long)(_sequence % 2) * SlotBytes);
        Present = position;
    }

    public void Dispose() => _file.Dispose();

    private LogPosition? Read()
    {
        LogPosition? best = null;
        Span<byte> slot = stackalloc byte[SlotBytes];
        Span<byte> hash = stackalloc byte[32];
        for (int i = 0; i < 2; i++)
        {
            if (RandomAccess.Read(_file, slot, i * SlotBytes) < PayloadBytes + 32)
            {
                continue;
            }

            SHA256.HashData(slot[..PayloadBytes], hash);
            ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(slot);
            if (sequence <= _sequence || !hash.SequenceEqual(slot[PayloadBytes..(PayloadBytes + 32)]))
            {
                continue;
            }

            _sequence = sequence;
            best = new LogPosition
            {
                Stdout = Value(slot, 0),
                Stderr = Value(slot, 1),
                Generation = Value(slot, 2),
                Length = Value(slot, 3),
                Oldest = Value(slot, 4),
                MaxFileBytes = Value(slot, 5),
                MaxFiles = (int)Value(slot, 6),
                IsFinished = Value(slot, 7) != 0,
            };
        }

        return best;

        static long Value(ReadOnlySpan<byte> slot, int index) => BinaryPrimitives.ReadInt64LittleEndian(slot[(8 + (8 * index))..]);
    }
}
