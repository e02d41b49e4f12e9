using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>
/// One call of a client. Its end is decided once, by whichever comes first: the server's status, the deadline, the caller's cancellation, a broken
/// connection. Everything that waits (reads, writes, the answer) then reports that status.
/// </summary>
internal abstract partial class GrpcCall : IDisposable
{
    private static readonly StreamPipeReaderOptions ReadOptions = new(bufferSize: 4096, minimumReadSize: 1024, useZeroByteReads: true);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abort = new();
    private PipeReader? _body;
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Status> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GrpcChannel _channel;
    private readonly IMethod _method;
    private readonly CallOptions _options;
    private CancellationTokenRegistration _callerCancels;
    private ITimer? _deadlineTimer;
    private DateTimeOffset _deadline = DateTimeOffset.MaxValue;
    private HttpResponseMessage? _response;
    private Metadata _trailers = Metadata.Empty;
    private Status _status;
    private bool _hasEnded;
    private bool _stopTimer;

    /// <exception cref="ObjectDisposedException">The channel is disposed.</exception>
    protected GrpcCall(GrpcChannel channel, IMethod method, CallOptions options)
    {
        channel.ThrowIfDisposed();
        _channel = channel;
        _method = method;
        _options = options;
        SendsGzip = options.Headers?.GetValue(WireNames.CompressionRequest) switch
        {
            null or WireNames.Identity => false,
            WireNames.Gzip => true,
            string other => throw new ArgumentException($"The compression '{other}' is not known; gzip is.", nameof(options)),
        };
    }

    public Task<Metadata> HeadersAsync => _headers.Task;

    public WriteOptions? DefaultWriteOptions => _options.WriteOptions;

    public int MaxSendBytes => _channel.MaxSendMessageSize;

    public bool SendsGzip { get; }

    protected GrpcChannel Channel => _channel;

    protected CancellationToken Aborted { get; private set; }

    /// <summary>Null until the response headers are there, or if no messages follow them.</summary>
    protected FrameReader? Frames { get; private set; }

    /// <summary>The final status, or null while the call runs.</summary>
    public Status? EndStatus
    {
        get
        {
            lock (_gate)
                return _hasEnded ? _status : null;
        }
    }

    public Status GetStatus() => EndStatus ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    public Metadata GetTrailers()
    {
        lock (_gate)
            return _hasEnded ? _trailers : throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");
    }

    /// <summary>Ends a call that still runs with CANCELLED; after its end, does nothing.</summary>
    public void Dispose() => End(new Status(StatusCode.Cancelled, "gRPC call disposed."), Metadata.Empty);

    public void Cancel() => End(new Status(StatusCode.Cancelled, "Call canceled by the client."), Metadata.Empty);

    /// <summary>The exception for a call that has ended.</summary>
    public RpcException EndException()
    {
        lock (_gate)
            return new RpcException(_status, _trailers);
    }

    /// <summary>Ends the call for what went wrong on this side, unless it has ended already, and says how it did end.</summary>
    public RpcException Fail(Exception cause)
    {
        if (cause is RpcException rpc)
            End(rpc.Status, rpc.Trailers);
        else
            End(StatusMapping.FromException(cause), Metadata.Empty);
        return EndException();
    }

    /// <summary>
    /// The exception for a write that failed. The server has often said why in its response, so wait a moment for the call's end; when messages still
    /// lie unread before that, the reader will find it, and the call goes on.
    /// </summary>
    public async Task<RpcException> WriteFailedAsync(Exception cause)
    {
        try
        {
            await _ended.Task.WaitAsync(TimeSpan.FromSeconds(1), _channel.Time).ConfigureAwait(false);
            return EndException();
        }
        catch (TimeoutException)
        {
            return new RpcException(StatusMapping.FromException(cause));
        }
    }

    /// <summary>Sends the request and waits for the response headers. Never throws: a failure ends the call.</summary>
    protected async Task OpenAsync(HttpContent content)
    {
        try
        {
            if (!Begin())
                return;
            HttpRequestMessage request = BuildRequest(content);
            HttpResponseMessage response = await _channel.Invoker.SendAsync(request, Aborted).ConfigureAwait(false);
            bool late;
            lock (_gate)
            {
                _response = response;
                late = _hasEnded;
            }

            if (late)
                response.Dispose();
            else
                await AcceptAsync(response).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>Ends the call with the status in the response's trailers, which are there once its body is read to the end.</summary>
    protected void EndWithTrailers() => EndWith(_response!.TrailingHeaders, missing: "No grpc-status found on response.");

    /// <summary>Gives the read buffers back; only for the one who reads, since nobody may be reading meanwhile.</summary>
    protected void ReleaseBody() => Interlocked.Exchange(ref _body, null)?.Complete();

    protected void End(Status status, Metadata trailers)
    {
        HttpResponseMessage? response;
        lock (_gate)
        {
            if (_hasEnded)
                return;
            _hasEnded = true;
            _status = status;
            _trailers = trailers;
            response = _response;
            _stopTimer = true;
        }

        _deadlineTimer?.Dispose();
        _callerCancels.Unregister();
        _channel.Ended(this);
        OnEnded();

        // Cancelling sends RST_STREAM if anything is still open on the wire; without it the stream would stay half open and count against the limit.
        if (status.StatusCode != StatusCode.OK || HasOpenRequest)
            _abort.Cancel();
        response?.Dispose();
        if (status.StatusCode == StatusCode.OK)
            _headers.TrySetResult(Metadata.Empty);
        else if (_headers.TrySetException(new RpcException(status, trailers)))
            _ = _headers.Task.Exception;
        _ended.TrySetResult(status);
    }

    /// <summary>Is the request stream still open?</summary>
    protected virtual bool HasOpenRequest => false;

    /// <summary>Lets go of whoever waits to write.</summary>
    protected virtual void OnEnded()
    {
    }

    private bool Begin()
    {
        Aborted = _abort.Token;
        _channel.Started(this);
        if (_options.CancellationToken.IsCancellationRequested)
        {
            Cancel();
            return false;
        }

        if (_options.Deadline is { } deadline && deadline != DateTime.MaxValue && !StartDeadline(deadline))
            return false;
        if (_options.CancellationToken.CanBeCanceled)
        {
            _callerCancels = _options.CancellationToken.UnsafeRegister(static call => ((GrpcCall)call!).Cancel(), this);
            if (EndStatus is not null)
                _callerCancels.Unregister();
        }

        return EndStatus is null;
    }

    private bool StartDeadline(DateTime deadline)
    {
        if (deadline.Kind != DateTimeKind.Utc && deadline != DateTime.MinValue)
            throw new RpcException(new Status(StatusCode.Internal, "Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue."));
        _deadline = new DateTimeOffset(deadline.Ticks, TimeSpan.Zero);
        TimeSpan left = _deadline - _channel.Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            End(DeadlineStatus, Metadata.Empty);
            return false;
        }

        ITimer timer = _channel.Time.CreateTimer(static call => ((GrpcCall)call!).OnDeadlineTimer(), this, TimerWait(left), Timeout.InfiniteTimeSpan);
        lock (_gate)
            _deadlineTimer = timer;
        if (_stopTimer)
            timer.Dispose();
        return true;
    }

    private void OnDeadlineTimer()
    {
        TimeSpan left = _deadline - _channel.Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            End(DeadlineStatus, Metadata.Empty);
            return;
        }

        // Timers count in whole milliseconds and may be early; far deadlines come in steps of a day.
        lock (_gate)
        {
            if (!_hasEnded)
                _deadlineTimer?.Change(TimerWait(left), Timeout.InfiniteTimeSpan);
        }
    }

    private static Status DeadlineStatus => new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    private static TimeSpan TimerWait(TimeSpan left) => left >= TimeSpan.FromDays(1)
        ? TimeSpan.FromDays(1)
        : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
}
