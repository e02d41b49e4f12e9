using System.Buffers;

namespace Grpc.Core.Wire;

/// <summary>A growing buffer from the shared pool. Not thread safe; dispose it once, after which its memory is someone else's.</summary>
internal sealed class PooledBuffer(int initialBytes = 512) : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(initialBytes);
    private int _written;

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _written);

    public int WrittenCount => _written;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _written);
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_written);
    }

    public void Dispose()
    {
        byte[] bytes = _bytes;
        _bytes = [];
        _written = 0;
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Reserve(int sizeHint)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_bytes.Length - _written >= needed)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_written + needed, (int)Math.Min((long)_bytes.Length * 2, Array.MaxLength))));
        _bytes.AsSpan(0, _written).CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
