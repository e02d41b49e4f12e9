using System.Text;

namespace Skep.Raft.Tests;

/// <summary>A state machine that remembers every text it was given; answers with how many there are.</summary>
internal sealed class ListMachine : IStateMachine
{
    /// <summary>A text that no such machine can take in.</summary>
    public const string Poison = "poison";

    private List<string> _items = [];

    public IReadOnlyList<string> Items => _items;

    public ulong LastIndex { get; private set; }

    public int Restores { get; private set; }

    public object? Apply(ulong index, ReadOnlyMemory<byte> data)
    {
        Assert.True(index > LastIndex);
        string text = Encoding.UTF8.GetString(data.Span);
        if (text == Poison)
        {
            throw new InvalidDataException("nobody can apply this");
        }

        LastIndex = index;
        _items.Add(text);
        return _items.Count;
    }

    public IStateSnapshot Capture() => new Picture([.. _items]);

    public void Restore(Stream snapshot, ulong index)
    {
        Restores++;
        LastIndex = index;
        _items = [];
        using BinaryReader reader = new(snapshot, Encoding.UTF8, leaveOpen: true);
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            _items.Add(reader.ReadString());
        }

        Assert.Equal(0, snapshot.Read(new byte[1]));
    }

    private sealed class Picture(string[] items) : IStateSnapshot
    {
        public void WriteTo(Stream destination)
        {
            using BinaryWriter writer = new(destination, Encoding.UTF8, leaveOpen: true);
            writer.Write(items.Length);
            foreach (string item in items)
            {
                writer.Write(item);
            }
        }
    }
}
