using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>A call with its message types: the single answer, or the stream of them.</summary>
internal sealed class TypedCall<TRequest, TResponse>(GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options)
    : GrpcCall(channel, method, options), IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private StreamedContent? _requestStream;
    private Task _opened = Task.CompletedTask;
    private TResponse? _current;
    private int _reading;

    public TResponse Current => _current ?? throw new InvalidOperationException("No current element is available.");

    protected override bool HasOpenRequest => _requestStream is { IsCompleted: false };

    public CallHandle Handle => new(
        static call => ((GrpcCall)call).HeadersAsync,
        static call => ((GrpcCall)call).GetStatus(),
        static call => ((GrpcCall)call).GetTrailers(),
        static call => ((GrpcCall)call).Dispose(),
        this);

    public HttpContent Single(TRequest request) => new SingleContent<TRequest>(this, request, method.RequestMarshaller.ContextualSerializer);

    public ClientStreamWriter<TRequest> Streamed(out HttpContent content)
    {
        _requestStream = new StreamedContent();
        content = _requestStream;
        return new ClientStreamWriter<TRequest>(this, _requestStream, method.RequestMarshaller.ContextualSerializer);
    }

    /// <summary>Sends the request; the answers are read through this object.</summary>
    public void Open(HttpContent content) => _opened = OpenAsync(content);

    /// <summary>Sends the request and waits for the one answer and an OK status.</summary>
    public async Task<TResponse> SingleResponseAsync(HttpContent content)
    {
        await OpenAsync(content).ConfigureAwait(false);
        TResponse? response = null;
        if (Frames is { } frames)
        {
            try
            {
                response = await frames.ReadAsync(method.ResponseMarshaller.ContextualDeserializer, Aborted).ConfigureAwait(false);
                if (response is not null && await frames.ReadAsync(method.ResponseMarshaller.ContextualDeserializer, Aborted).ConfigureAwait(false) is not null)
                    throw new GrpcWireException(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
                EndWithTrailers();
            }
            catch (Exception e)
            {
                throw Fail(e);
            }
            finally
            {
                ReleaseBody();
            }
        }

        if (EndStatus is not { StatusCode: StatusCode.OK })
            throw EndException();
        return response ?? throw new RpcException(new Status(StatusCode.Internal, "Failed to deserialize response message: none came."), GetTrailers());
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) != 0)
            throw new InvalidOperationException("Can't read the next message because the previous read is still in progress.");
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static call => ((GrpcCall)call!).Cancel(), this);
        try
        {
            _current = null;
            await _opened.ConfigureAwait(false);
            if (EndStatus is null && Frames is { } frames)
            {
                _current = await frames.ReadAsync(method.ResponseMarshaller.ContextualDeserializer, Aborted).ConfigureAwait(false);
                if (_current is not null)
                    return true;
                EndWithTrailers();
            }
        }
        catch (Exception e)
        {
            throw Fail(e);
        }
        finally
        {
            if (EndStatus is not null)
                ReleaseBody();
            Volatile.Write(ref _reading, 0);
        }

        return EndStatus is { StatusCode: StatusCode.OK } ? false : throw EndException();
    }

    protected override void OnEnded() => _requestStream?.Abandon();
}
