using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <content>Opening: read everything, decide what a damaged place means, cut a torn tail, start a new segment.</content>
internal sealed partial class WriteAheadLog
{
    /// <summary>Opens the log of this directory, or starts an empty one.</summary>
    /// <exception cref="CorruptLogException">Something durable is damaged.</exception>
    /// <exception cref="WrongKeyException">The data key is another one.</exception>
    public static WriteAheadLog Open(IRaftFiles files, ReadOnlySpan<byte> dataKey, WriteAheadLogOptions options, out RecoveredLog recovered)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.SegmentBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SegmentBytes, 1 << 30);
        recovered = new RecoveredLog();
        Replay replay = new(files, dataKey.ToArray(), recovered);
        replay.Run();
        return new WriteAheadLog(files, dataKey.ToArray(), options, replay.LogId, replay.Closed, recovered, replay.LastSequence, replay.Chain);
    }

    private sealed class Replay(IRaftFiles files, byte[] dataKey, RecoveredLog recovered)
    {
        public Queue<ClosedSegment> Closed { get; } = [];

        public Guid LogId { get; private set; }

        public ulong LastSequence { get; private set; }

        public uint Chain { get; private set; }

        private string _lastName = "";

        public void Run()
        {
            var names = files.List().Where(n => SegmentName.TryParse(n, out _)).ToList();
            for (int i = 0; i < names.Count; i++)
            {
                ReadSegment(names[i], isFirst: i == 0, isLast: i == names.Count - 1);
            }

            ulong first = recovered.Entries.Count > 0 ? recovered.Entries[0].Index : recovered.SnapshotIndex + 1;
            if (first > recovered.SnapshotIndex + 1)
            {
                throw new CorruptLogException(_lastName, 0, $"entries begin at {first} but the snapshot ends at {recovered.SnapshotIndex}");
            }

            if (names.Count == 0)
            {
                Span<byte> id = stackalloc byte[16];
                System.Security.Cryptography.RandomNumberGenerator.Fill(id);
                LogId = new Guid(id);
            }
        }

        private void ReadSegment(string name, bool isFirst, bool isLast)
        {
            _lastName = name;
            using IRaftFile file = files.Open(name);
            byte[] bytes = new byte[file.Length];
            int length = file.Read(0, bytes);
            SegmentHeader header = SegmentHeader.Decode(name, bytes.AsSpan(0, length));
            CheckPlace(name, header, isFirst);
            using FileCipher cipher = new(dataKey, header.Salt.Span, SegmentName.KeyPurpose(header.LogId, header.Sequence));
            if (!cipher.Check.Span.SequenceEqual(header.KeyCheck.Span))
            {
                throw new WrongKeyException(name);
            }

            (int end, ulong lastIndex) = ReadRecords(name, bytes.AsSpan(0, length), cipher);
            if (end < length)
            {
                if (!isLast)
                {
                    throw new CorruptLogException(name, end, "a record's checksum or chain does not fit");
                }

                CutTail(name, file, bytes.AsSpan(0, length), end);
            }

            if (isLast && end == SegmentHeader.Size)
            {
                // Started, then the power went: without this, a node that fails to start over and over would leave a file each time.
                files.Delete(name);
                files.SyncDirectory();
                LastSequence--;
                return;
            }

            Closed.Enqueue(new ClosedSegment(name, lastIndex));
        }

        private void CheckPlace(string name, in SegmentHeader header, bool isFirst)
        {
            if (name != SegmentName.Of(header.Sequence, header.FirstIndex))
            {
                throw new CorruptLogException(name, 0, $"its header is that of {SegmentName.Of(header.Sequence, header.FirstIndex)}");
            }

            if (!isFirst && (header.LogId != LogId || header.Sequence != LastSequence + 1 || header.Chain != Chain))
            {
                throw new CorruptLogException(name, 0, $"it does not continue segment {LastSequence:x}: a segment is missing or from another log");
            }

            LogId = header.LogId;
            LastSequence = header.Sequence;
            Chain = header.Chain;
        }

        /// <summary>Replays records until one does not fit. Returns where that is.</summary>
        private (int End, ulong LastIndex) ReadRecords(string name, Span<byte> bytes, FileCipher cipher)
        {
            int offset = SegmentHeader.Size;
            ulong lastIndex = 0;
            for (uint ordinal = 0; RecordHeader.TryRead(bytes, offset, out RecordHeader header, out uint checksum); ordinal++)
            {
                if (header.Chain != Chain || header.Ordinal != ordinal)
                {
                    break;
                }

                // A copy per record: entries must not keep the whole segment in memory.
                byte[] payload = bytes.Slice(offset + RecordHeader.Size, header.Length).ToArray();
                if (!cipher.TryDecrypt(ordinal, payload, bytes.Slice(offset, RecordHeader.AssociatedBytes)))
                {
                    throw new CorruptLogException(name, offset, "the record fails authentication although its checksum fits: it was altered");
                }

                lastIndex = Math.Max(lastIndex, Apply(name, offset, header.Kind, payload.AsMemory(..^FileCipher.TagBytes)));
                Chain = checksum;
                offset += RecordHeader.Padded(header.Length);
            }

            return (Math.Min(offset, bytes.Length), lastIndex);
        }

        private ulong Apply(string name, int offset, LogRecordKind kind, ReadOnlyMemory<byte> plaintext)
        {
            try
            {
                switch (kind)
                {
                    case LogRecordKind.Entry:
                        Entry entry = LogCodec.DecodeEntry(plaintext);
                        if (!recovered.TryReplay(entry))
                        {
                            throw new CorruptLogException(name, offset, $"entry {entry.Index} follows entry {recovered.LastIndex}");
                        }

                        return entry.Index;
                    case LogRecordKind.HardState:
                        recovered.Replay(LogCodec.DecodeHardState(plaintext));
                        return 0;
                    case LogRecordKind.SnapshotMark when plaintext.Length == 16:
                        recovered.ReplayMark(
                            BinaryPrimitives.ReadUInt64LittleEndian(plaintext.Span), BinaryPrimitives.ReadUInt64LittleEndian(plaintext.Span[8..]));
                        return 0;
                    default:
                        throw new CorruptLogException(name, offset, $"record of unknown kind {(byte)kind}");
                }
            }
            catch (RaftFormatException e)
            {
                throw new CorruptLogException(name, offset, e.Message);
            }
        }

        /// <summary>
        /// The last segment has a bad record at <paramref name="end"/>. If anything valid behind it says that <paramref name="end"/> was durable before
        /// it was written, this is damage; otherwise it is a group whose sync never returned, of which the disk may have kept any part.
        /// </summary>
        private void CutTail(string name, IRaftFile file, ReadOnlySpan<byte> bytes, int end)
        {
            for (int offset = end; offset < bytes.Length; offset += RecordHeader.Alignment)
            {
                int zeros = bytes[offset..].IndexOfAnyExcept((byte)0);
                if (zeros < 0)
                {
                    break;
                }

                offset += zeros & ~(RecordHeader.Alignment - 1);
                if (RecordHeader.TryRead(bytes, offset, out RecordHeader header, out _) && header.Durable > end)
                {
                    throw new CorruptLogException(name, end, $"a bad record, although a later one at {offset} was written after it was durable");
                }
            }

            int lost = bytes[end..].LastIndexOfAnyExcept((byte)0) + 1;
            file.Truncate(end);
            if (lost > 0)
            {
                recovered.Repaired = new TruncatedTail(name, end, lost);
            }
        }
    }
}
