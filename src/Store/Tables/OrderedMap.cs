using System.Diagnostics.CodeAnalysis;

namespace Skep.Store;

/// <summary>Permission to change nodes in place: those made under it, as long as nobody else has seen them. One per batch, never reused.</summary>
internal sealed class EditToken;

/// <summary>A persistent map in the order of its keys: old copies stay valid, a change copies one path, a batch of changes copies each node once.</summary>
/// <remarks>
/// A weight-balanced tree. ImmutableSortedDictionary cannot seek, and every index here is a range of a composite key.
/// Source of the balance numbers: Hirai and Yamamoto, "Balancing weight-balanced trees" (delta 3, ratio 2).
/// </remarks>
internal readonly struct OrderedMap<TKey, TValue>
    where TKey : IComparable<TKey>
{
    private const int Delta = 3;
    private const int Ratio = 2;

    private readonly Node? _root;

    private OrderedMap(Node? root) => _root = root;

    public int Count => SizeOf(_root);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        Node? node = _root;
        while (node is not null)
        {
            int order = key.CompareTo(node.Key);
            if (order == 0)
            {
                value = node.Value;
                return true;
            }

            node = order < 0 ? node.Left : node.Right;
        }

        value = default;
        return false;
    }

    /// <summary>Adds or replaces.</summary>
    public OrderedMap<TKey, TValue> Set(TKey key, TValue value, EditToken token) => new(Set(_root, key, value, token));

    /// <summary>The same map if the key is not there.</summary>
    public OrderedMap<TKey, TValue> Remove(TKey key, EditToken token) => TryGetValue(key, out _) ? new(Remove(_root!, key, token)) : this;

    /// <summary>The values of all keys that <paramref name="probe"/> calls equal to itself; they must lie side by side in key order.</summary>
    public OrderedRange<TKey, TValue, TProbe> Range<TProbe>(TProbe probe)
        where TProbe : IComparable<TKey>
        => new(_root, probe);

    private static int SizeOf(Node? node) => node?.Size ?? 0;

    private static Node Set(Node? node, TKey key, TValue value, EditToken token)
    {
        if (node is null)
        {
            return new Node(key, value, token);
        }

        int order = key.CompareTo(node.Key);
        Node mine = node.For(token);
        if (order == 0)
        {
            mine.Key = key;
            mine.Value = value;
            return mine;
        }

        if (order < 0)
        {
            mine.Left = Set(mine.Left, key, value, token);
        }
        else
        {
            mine.Right = Set(mine.Right, key, value, token);
        }

        return Balance(mine, token);
    }

    private static Node? Remove(Node node, TKey key, EditToken token)
    {
        int order = key.CompareTo(node.Key);
        if (order == 0)
        {
            if (node.Left is null || node.Right is null)
            {
                return node.Left ?? node.Right;
            }

            Node heir = node.Right;
            while (heir.Left is not null)
            {
                heir = heir.Left;
            }

            Node merged = node.For(token);
            merged.Key = heir.Key;
            merged.Value = heir.Value;
            merged.Right = Remove(node.Right, heir.Key, token);
            return Balance(merged, token);
        }

        Node mine = node.For(token);
        if (order < 0)
        {
            mine.Left = Remove(mine.Left!, key, token);
        }
        else
        {
            mine.Right = Remove(mine.Right!, key, token);
        }

        return Balance(mine, token);
    }

    /// <param name="node">Already ours to change.</param>
    private static Node Balance(Node node, EditToken token)
    {
        int left = SizeOf(node.Left);
        int right = SizeOf(node.Right);
        if (left + right > 1)
        {
            if (right > Delta * left)
            {
                Node child = node.Right!;
                if (SizeOf(child.Left) >= Ratio * SizeOf(child.Right))
                {
                    node.Right = RotateRight(child.For(token), token);
                }

                return RotateLeft(node, token);
            }

            if (left > Delta * right)
            {
                Node child = node.Left!;
                if (SizeOf(child.Right) >= Ratio * SizeOf(child.Left))
                {
                    node.Left = RotateLeft(child.For(token), token);
                }

                return RotateRight(node, token);
            }
        }

        node.Size = left + right + 1;
        return node;
    }

    private static Node RotateLeft(Node node, EditToken token)
    {
        Node top = node.Right!.For(token);
        node.Right = top.Left;
        node.Size = SizeOf(node.Left) + SizeOf(node.Right) + 1;
        top.Left = node;
        top.Size = node.Size + SizeOf(top.Right) + 1;
        return top;
    }

    private static Node RotateRight(Node node, EditToken token)
    {
        Node top = node.Left!.For(token);
        node.Left = top.Right;
        node.Size = SizeOf(node.Left) + SizeOf(node.Right) + 1;
        top.Right = node;
        top.Size = node.Size + SizeOf(top.Left) + 1;
        return top;
    }

    internal sealed class Node(TKey key, TValue value, EditToken owner)
    {
        private EditToken _owner = owner;

        public TKey Key = key;
        public TValue Value = value;
        public Node? Left;
        public Node? Right;
        public int Size = 1;

        /// <summary>This node if made under the same token, else a copy.</summary>
        public Node For(EditToken token)
        {
            if (ReferenceEquals(_owner, token))
            {
                return this;
            }

            var copy = (Node)MemberwiseClone();
            copy._owner = token;
            return copy;
        }
    }
}
