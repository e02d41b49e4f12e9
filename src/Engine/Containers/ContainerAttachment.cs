using Skep.Engine.Logs;

namespace Skep.Engine.Containers;

/// <summary>A client's hold on a container's input and output. Dispose it; the container goes on.</summary>
public sealed class ContainerAttachment : IDisposable
{
    private readonly OutputReader _output;
    private readonly StandaloneContainer? _container;

    internal ContainerAttachment(bool isTerminal, OutputReader output, StandaloneContainer? container)
    {
        IsTerminal = isTerminal;
        _output = output;
        _container = container;
    }

    /// <summary>One stream of bytes rather than two.</summary>
    public bool IsTerminal { get; }

    /// <summary>The next bytes; null once the container has ended and all was read.</summary>
    public Task<(LogStream Stream, int Count)?> ReadAsync(Memory<byte> buffer, CancellationToken ct) => _output.ReadAsync(buffer, ct);

    /// <summary>To the program's input; dropped when it takes none.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct) => _container?.WriteInputAsync(data, ct) ?? Task.CompletedTask;

    /// <summary>The client will write no more.</summary>
    public Task EndInputAsync(CancellationToken ct) => _container?.EndInputAsync(ct) ?? Task.CompletedTask;

    public void Dispose() => _output.Dispose();
}
