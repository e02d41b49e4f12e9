namespace Skep.Raft.Tests;

public sealed class SnapshotStoreTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly Membership Members = new([new RaftMember(1, "n1", "a:1", true), new RaftMember(2, "n2", "b:1", false)]);

    private static byte[] Data(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static void Write(SnapshotStore store, ulong index, byte[] data)
    {
        using SnapshotWriter writer = store.Create(new SnapshotMeta(index, 2, Members));
        foreach (byte[] part in data.Chunk(70_000))
        {
            writer.Write(part);
        }

        writer.Commit();
    }

    private static byte[] Read(SnapshotStore store, ulong index)
    {
        using SnapshotReader reader = store.OpenRead(index, 2);
        MemoryStream all = new();
        reader.CopyTo(all);
        return all.ToArray();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SnapshotFormat.ChunkBytes)]
    [InlineData(1_000_003)]
    public void A_committed_snapshot_survives_power_loss_with_its_description(int length)
    {
        SimulatedDisk disk = new();
        using SnapshotStore store = new(disk, Key);
        Write(store, 7, Data(length));
        disk.LosePower();
        Assert.Equal(Data(length), Read(store, 7));
        Assert.Equal(new SnapshotMeta(7, 2, Members), store.Verify(7, 2));
    }

    [Fact]
    public void An_uncommitted_snapshot_leaves_nothing()
    {
        SimulatedDisk disk = new();
        using SnapshotStore store = new(disk, Key);
        using (SnapshotWriter writer = store.Create(new SnapshotMeta(7, 2, Members)))
        {
            writer.Write(Data(600_000));
        }

        Assert.Empty(disk.List());
        Assert.Throws<CorruptSnapshotException>(() => store.OpenRead(7, 2));
    }

    [Fact]
    public void A_temporary_file_of_an_earlier_process_is_removed()
    {
        SimulatedDisk disk = new();
        disk.Create("snapshot-received.tmp", 10).Dispose();
        using SnapshotStore store = new(disk, Key);
        Assert.Empty(disk.List());
    }

    [Fact]
    public void Any_flipped_bit_and_any_cut_is_refused_with_the_file_named()
    {
        SimulatedDisk disk = new();
        using (SnapshotStore store = new(disk, Key))
        {
            Write(store, 7, Data(500));
        }

        string name = disk.List()[0];
        int length = disk.Bytes(name).Length;
        for (int at = 0; at < length; at++)
        {
            SimulatedDisk flipped = disk.Clone();
            flipped.Patch(name, b => { b[at] ^= 1; return b; });
            using SnapshotStore damaged = new(flipped, Key);
            Assert.Equal(name, Assert.Throws<CorruptSnapshotException>(() => damaged.Verify(7, 2)).File);

            SimulatedDisk cut = disk.Clone();
            cut.Patch(name, b => b[..at]);
            using SnapshotStore shorter = new(cut, Key);
            Assert.Throws<CorruptSnapshotException>(() => shorter.Verify(7, 2));
        }
    }

    [Fact]
    public void Another_key_is_told_apart_from_damage()
    {
        SimulatedDisk disk = new();
        using SnapshotStore store = new(disk, Key);
        Write(store, 7, Data(10));
        using SnapshotStore other = new(disk, new byte[32]);
        Assert.Throws<WrongKeyException>(() => other.Verify(7, 2));
    }

    [Fact]
    public void The_last_two_are_kept_and_what_was_never_taken_into_use_goes()
    {
        SimulatedDisk disk = new();
        using SnapshotStore store = new(disk, Key);
        foreach (ulong index in (ulong[])[3, 5, 9, 12])
        {
            Write(store, index, Data(10));
        }

        store.Prune(9, 2, old: 1);
        Assert.Equal([(5ul, 2ul), (9ul, 2ul)], store.List());
        Write(store, 14, Data(10));
        store.Prune(14, 2, old: 3);
        Assert.Equal([(5ul, 2ul), (9ul, 2ul), (14ul, 2ul)], store.List());
        store.Prune(14, 2, old: 0);
        Assert.Equal([(9ul, 2ul), (14ul, 2ul)], store.List());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(900_001)]
    public async Task A_transfer_arrives_whole_or_not_at_all(int length)
    {
        using SnapshotTransfer transfer = new(new MemoryStream(Data(length)));
        MemoryStream wire = new();
        await transfer.CopyToAsync(wire);
        byte[] sent = wire.ToArray();
        Assert.Equal(length + 16, sent.Length);

        MemoryStream received = new();
        await SnapshotTransfer.ReceiveAsync(new MemoryStream(sent), received, CancellationToken.None);
        Assert.Equal(Data(length), received.ToArray());

        foreach (int keep in (int[])[0, sent.Length / 2, sent.Length - 16, sent.Length - 1])
        {
            await Assert.ThrowsAsync<InvalidDataException>(
                () => SnapshotTransfer.ReceiveAsync(new MemoryStream(sent[..keep]), new MemoryStream(), CancellationToken.None));
        }
    }
}
