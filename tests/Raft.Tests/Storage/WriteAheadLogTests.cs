namespace Skep.Raft.Tests;

public sealed class WriteAheadLogTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly WriteAheadLogOptions Small = new() { SegmentBytes = 4096 };

    private static Entry Normal(ulong index, ulong term = 1, int size = 20) =>
        new(term, index, EntryKind.Normal, Enumerable.Range(0, size).Select(i => (byte)(i + (int)index)).ToArray());

    private static Entry[] Normals(ulong first, ulong last, ulong term = 1, int size = 20)
    {
        List<Entry> entries = [];
        for (ulong index = first; index <= last; index++)
        {
            entries.Add(Normal(index, term, size));
        }

        return [.. entries];
    }

    private static RecoveredLog Recover(SimulatedDisk disk, WriteAheadLogOptions? options = null)
    {
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, options ?? Small, out RecoveredLog recovered);
        return recovered;
    }

    private static void AssertEntries(IEnumerable<Entry> expected, IReadOnlyList<Entry> actual)
    {
        Assert.Equal(expected.Select(e => (e.Term, e.Index, e.Kind)), actual.Select(e => (e.Term, e.Index, e.Kind)));
        foreach ((Entry want, Entry got) in expected.Zip(actual))
        {
            Assert.True(want.Data.Span.SequenceEqual(got.Data.Span), $"data of entry {want.Index}");
        }
    }

    private static string LastSegment(SimulatedDisk disk) => disk.List().Last(n => n.EndsWith(".wal", StringComparison.Ordinal));

    [Fact]
    public void Everything_synced_comes_back_after_power_loss()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out RecoveredLog empty))
        {
            Assert.True(empty.IsEmpty);
            log.Append(Normals(1, 300));
            log.Append(new HardState(3, 2, 299));
            log.Sync();
            Assert.True(log.SegmentCount > 3);
        }

        disk.LosePower();
        RecoveredLog recovered = Recover(disk);
        AssertEntries(Normals(1, 300), recovered.Entries);
        Assert.Equal(new HardState(3, 2, 299), recovered.HardState);
        Assert.Null(recovered.Repaired);
    }

    [Fact]
    public void One_group_costs_one_sync()
    {
        SimulatedDisk disk = new();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, new WriteAheadLogOptions(), out _);
        int before = disk.Syncs;
        log.Append(Normals(1, 1000));
        log.Append(new HardState(1, 1, 0));
        log.Sync();
        log.Sync();
        Assert.Equal(before + 1, disk.Syncs);
    }

    [Fact]
    public void A_write_torn_at_any_byte_of_the_last_record_is_cut_off()
    {
        SimulatedDisk disk = new();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _);
        log.Append(Normals(1, 3));
        log.Sync();
        byte[] before = disk.Bytes(LastSegment(disk));
        int start = before.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        start = (start + 7) & ~7;
        log.Append(Normals(4, 4));
        log.Sync();
        int end = disk.Bytes(LastSegment(disk)).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        Assert.True(end - start > 50);

        for (int keep = start; keep < end; keep++)
        {
            SimulatedDisk zeroed = disk.Clone();
            zeroed.Patch(LastSegment(zeroed), bytes => { bytes.AsSpan(keep).Clear(); return bytes; });
            AssertEntries(Normals(1, 3), Recover(zeroed).Entries);

            SimulatedDisk shortened = disk.Clone();
            shortened.Patch(LastSegment(shortened), bytes => bytes[..keep]);
            AssertEntries(Normals(1, 3), Recover(shortened).Entries);
        }

        AssertEntries(Normals(1, 4), Recover(disk.Clone()).Entries);
    }

    [Fact]
    public void A_group_of_which_the_disk_kept_only_some_sectors_is_cut_off_at_its_first_hole()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            SimulatedDisk disk = new();
            using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, new WriteAheadLogOptions { SegmentBytes = 1 << 16 }, out _))
            {
                log.Append(Normals(1, 10));
                log.Sync();
                log.Append(Normals(11, 80));
                disk.FailNextSync = true;
                Assert.Throws<IOException>(log.Sync);
            }

            disk.LosePower(_ => random.Next(2) == 0);
            RecoveredLog recovered = Recover(disk);
            Assert.InRange(recovered.LastIndex, 10ul, 80ul);
            AssertEntries(Normals(1, recovered.LastIndex), recovered.Entries);
            Assert.Equal(recovered.LastIndex, Recover(disk).LastIndex);
        }
    }

    [Fact]
    public void A_flipped_bit_anywhere_before_the_last_group_is_refused_with_file_and_offset()
    {
        SimulatedDisk disk = new();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _);
        for (ulong index = 1; index <= 4; index++)
        {
            log.Append(Normals(index, index));
            log.Sync();
        }

        string name = LastSegment(disk);
        byte[] bytes = disk.Bytes(name);
        int recordBytes = RecordHeader.Padded(20 + 4 + FileCipher.TagBytes);
        int lastRecord = SegmentHeader.Size + (3 * recordBytes);
        Assert.True(RecordHeader.TryRead(bytes, lastRecord, out _, out _));
        for (int at = 0; at < lastRecord; at++)
        {
            // The record's padding carries nothing.
            int inRecord = (at - SegmentHeader.Size) % recordBytes;
            if (at >= SegmentHeader.Size && inRecord >= RecordHeader.Size + 20 + 4 + FileCipher.TagBytes)
            {
                continue;
            }

            SimulatedDisk damaged = disk.Clone();
            damaged.Patch(name, b => { b[at] ^= 0x10; return b; });
            CorruptLogException e = Assert.Throws<CorruptLogException>(() => Recover(damaged));
            Assert.Equal(name, e.File);
            Assert.Equal(at < SegmentHeader.Size ? 0 : at - inRecord, e.Offset);
            Assert.Contains(name, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_or_missing_earlier_segment_is_refused()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append(Normals(1, 200));
            log.Sync();
        }

        string second = disk.List()[1];
        SimulatedDisk shortened = disk.Clone();
        shortened.Patch(second, b => b[..^8]);
        Assert.Equal(second, Assert.Throws<CorruptLogException>(() => Recover(shortened)).File);

        SimulatedDisk missing = disk.Clone();
        missing.Delete(second);
        Assert.Contains("missing", Assert.Throws<CorruptLogException>(() => Recover(missing)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_key_is_told_apart_from_damage()
    {
        SimulatedDisk disk = new();
        WriteAheadLog.Open(disk, Key, Small, out _).Dispose();
        byte[] other = [.. Key];
        other[5]++;
        Assert.Throws<WrongKeyException>(() => WriteAheadLog.Open(disk, other, Small, out _));
    }

    [Fact]
    public void Plaintext_is_not_on_the_disk()
    {
        SimulatedDisk disk = new();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _);
        byte[] secret = "a secret nobody may read"u8.ToArray();
        log.Append([new Entry(1, 1, EntryKind.Normal, secret)]);
        log.Sync();
        Assert.True(disk.Bytes(LastSegment(disk)).AsSpan().IndexOf(secret) < 0);
    }

    [Fact]
    public void The_same_entries_never_give_the_same_ciphertext()
    {
        SimulatedDisk one = new();
        SimulatedDisk two = new();
        foreach (SimulatedDisk disk in (SimulatedDisk[])[one, two])
        {
            using WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _);
            log.Append(Normals(1, 1));
            log.Sync();
        }

        int body = SegmentHeader.Size + RecordHeader.Size;
        Assert.False(one.Bytes(LastSegment(one)).AsSpan(body, 24).SequenceEqual(two.Bytes(LastSegment(two)).AsSpan(body, 24)));
    }

    [Fact]
    public void A_leader_may_overrule_a_suffix()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append(Normals(1, 100));
            log.Sync();
            log.Append(Normals(50, 60, term: 2));
            log.Sync();
        }

        AssertEntries([.. Normals(1, 49), .. Normals(50, 60, term: 2)], Recover(disk).Entries);
    }

    [Fact]
    public void Compaction_drops_whole_segments_and_keeps_hard_state_and_mark()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append(new HardState(7, 3, 0));
            log.Append(Normals(1, 500));
            log.Sync();
            int before = log.SegmentCount;
            log.MarkSnapshot(450, 1);
            log.DropBefore(401);
            Assert.InRange(log.SegmentCount, 2, before - 4);
        }

        disk.LosePower();
        RecoveredLog recovered = Recover(disk);
        Assert.Equal(450ul, recovered.SnapshotIndex);
        Assert.Equal(new HardState(7, 3, 0), recovered.HardState);
        Assert.InRange(recovered.Entries[0].Index, 350ul, 401ul);
        AssertEntries(Normals(451, 500), recovered.EntriesAfterSnapshot());
    }

    [Fact]
    public void A_snapshot_from_the_leader_replaces_a_log_that_does_not_reach_it()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append(Normals(1, 100));
            log.MarkSnapshot(1000, 4);
            log.Append(Normals(1001, 1002, term: 4));
            log.Sync();
        }

        RecoveredLog recovered = Recover(disk);
        AssertEntries(Normals(1001, 1002, term: 4), recovered.Entries);
        Assert.Equal(4ul, recovered.SnapshotTerm);
    }

    [Fact]
    public void Nothing_is_written_after_a_failed_sync()
    {
        SimulatedDisk disk = new();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _);
        log.Append(Normals(1, 1));
        disk.FailNextSync = true;
        Assert.Throws<IOException>(log.Sync);
        Assert.Throws<IOException>(log.Sync);
        Assert.Throws<IOException>(() => log.Append(Normals(2, 2)));
    }

    [Fact]
    public void A_full_disk_is_reported_and_what_was_synced_survives()
    {
        SimulatedDisk disk = new() { CapacityBytes = 3 * 4096 };
        ulong synced = 0;
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            Assert.Throws<IOException>(() =>
            {
                for (ulong index = 1; index < 1000; index++)
                {
                    log.Append(Normals(index, index));
                    log.Sync();
                    synced = index;
                }
            });
        }

        disk.LosePower();
        disk.CapacityBytes = long.MaxValue;
        AssertEntries(Normals(1, synced), Recover(disk).Entries);
    }

    [Fact]
    public void Restarting_over_and_over_leaves_no_trail_of_files()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append(Normals(1, 5));
            log.Sync();
        }

        for (int i = 0; i < 5; i++)
        {
            disk.LosePower();
            AssertEntries(Normals(1, 5), Recover(disk).Entries);
        }

        Assert.Equal(2, disk.List().Count);
    }

    [Fact]
    public void An_entry_larger_than_a_segment_is_kept_whole()
    {
        SimulatedDisk disk = new();
        using (WriteAheadLog log = WriteAheadLog.Open(disk, Key, Small, out _))
        {
            log.Append([Normal(1), Normal(2, size: 3_000_000), Normal(3)]);
            log.Sync();
        }

        disk.LosePower();
        Assert.Equal(3_000_000, Recover(disk).Entries[1].Data.Length);
    }

    [Fact]
    public void A_real_directory_behaves_the_same_and_admits_one_process()
    {
        string path = Path.Combine(Path.GetTempPath(), $"skt-raft-{Environment.ProcessId}-{nameof(WriteAheadLogTests)}");
        try
        {
            using (DiskRaftFiles files = DiskRaftFiles.OpenDirectory(path))
            {
                Assert.Throws<IOException>(() => DiskRaftFiles.OpenDirectory(path));
                using WriteAheadLog log = WriteAheadLog.Open(files, Key, Small, out _);
                log.Append(Normals(1, 300));
                log.Sync();
                log.MarkSnapshot(200, 1);
                log.DropBefore(150);
            }

            using (DiskRaftFiles files = DiskRaftFiles.OpenDirectory(path))
            {
                using WriteAheadLog log = WriteAheadLog.Open(files, Key, Small, out RecoveredLog recovered);
                AssertEntries(Normals(201, 300), recovered.EntriesAfterSnapshot());
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
