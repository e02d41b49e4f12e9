using System.Collections.Concurrent;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>A destination of calls over HTTP/2. Cheap to keep, thread safe; connections are the handler's and are replaced by it when they break.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly ConcurrentDictionary<IMethod, Uri> _uris = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<IDisposable, byte> _running = new(ReferenceEqualityComparer.Instance);
    private readonly Uri _address;
    private readonly bool _disposesHandler;
    private int _disposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        _address = address;
        _disposesHandler = options.HttpHandler is null || options.DisposeHttpClient;
        HttpMessageHandler handler = options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        Invoker = new HttpMessageInvoker(handler, disposeHandler: _disposesHandler);
        MaxReceiveMessageSize = options.MaxReceiveMessageSize ?? int.MaxValue;
        MaxSendMessageSize = options.MaxSendMessageSize ?? int.MaxValue;
        Time = options.Time;
    }

    internal HttpMessageInvoker Invoker { get; }

    internal int MaxReceiveMessageSize { get; }

    internal int MaxSendMessageSize { get; }

    internal TimeProvider Time { get; }

    /// <param name="address"><c>http://host:port</c> (HTTP/2 with prior knowledge) or <c>https://host:port</c>.</param>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        if (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
            throw new ArgumentException($"The address '{address}' needs the scheme http or https.", nameof(address));
        return new GrpcChannel(address, channelOptions);
    }

    public override CallInvoker CreateCallInvoker()
    {
        ThrowIfDisposed();
        return new HttpCallInvoker(this);
    }

    /// <summary>Cancels the calls still running and, if the channel owns it, disposes the handler.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        foreach (IDisposable call in _running.Keys)
            call.Dispose();
        Invoker.Dispose();
    }

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed != 0, this);

    internal Uri UriOf(IMethod method) => _uris.GetOrAdd(method, static (m, address) => new Uri(address, m.FullName), _address);

    internal void Started(IDisposable call)
    {
        _running.TryAdd(call, 0);
    }

    internal void Ended(IDisposable call) => _running.TryRemove(call, out _);
}
