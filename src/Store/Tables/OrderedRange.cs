using System.Collections;

namespace Skep.Store;

/// <summary>A stretch of an <see cref="OrderedMap{TKey,TValue}"/>; finding it and counting it take time logarithmic in the map.</summary>
internal sealed class OrderedRange<TKey, TValue, TProbe>(OrderedMap<TKey, TValue>.Node? root, TProbe probe) : IReadOnlyCollection<TValue>
    where TKey : IComparable<TKey>
    where TProbe : IComparable<TKey>
{
    public int Count => CountIn(root);

    public IEnumerator<TValue> GetEnumerator()
    {
        var path = new Stack<OrderedMap<TKey, TValue>.Node>(48);
        Descend(path, root);
        while (path.TryPop(out OrderedMap<TKey, TValue>.Node? node))
        {
            yield return node.Value;
            Descend(path, node.Right);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Leaves the first node of the range below <paramref name="node"/> on top.</summary>
    private void Descend(Stack<OrderedMap<TKey, TValue>.Node> path, OrderedMap<TKey, TValue>.Node? node)
    {
        while (node is not null)
        {
            int order = probe.CompareTo(node.Key);
            if (order > 0)
            {
                node = node.Right;
                continue;
            }

            if (order == 0)
            {
                path.Push(node);
            }

            node = node.Left;
        }
    }

    private int CountIn(OrderedMap<TKey, TValue>.Node? node)
    {
        while (node is not null)
        {
            int order = probe.CompareTo(node.Key);
            if (order == 0)
            {
                return 1 + CountFrom(node.Left) + CountUpTo(node.Right);
            }

            node = order > 0 ? node.Right : node.Left;
        }

        return 0;
    }

    /// <summary>In a subtree that ends inside the range: how many are not before it.</summary>
    private int CountFrom(OrderedMap<TKey, TValue>.Node? node)
    {
        int count = 0;
        while (node is not null)
        {
            if (probe.CompareTo(node.Key) > 0)
            {
                node = node.Right;
            }
            else
            {
                count += 1 + (node.Right?.Size ?? 0);
                node = node.Left;
            }
        }

        return count;
    }

    /// <summary>In a subtree that begins inside the range: how many are not behind it.</summary>
    private int CountUpTo(OrderedMap<TKey, TValue>.Node? node)
    {
        int count = 0;
        while (node is not null)
        {
            if (probe.CompareTo(node.Key) < 0)
            {
                node = node.Left;
            }
            else
            {
                count += 1 + (node.Left?.Size ?? 0);
                node = node.Right;
            }
        }

        return count;
    }
}
