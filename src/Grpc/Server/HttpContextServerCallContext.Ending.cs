using System.Globalization;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// The end of a call: the handler's return or the deadline, whichever comes first, writes the status; the other finds it written. A write in progress
/// is waited for, because status and message share one pipe.
/// </summary>
internal sealed partial class HttpContextServerCallContext : IDisposable
{
    private static readonly TimeSpan CompletionLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private CancellationToken _token;
    private CancellationTokenSource? _deadlineSource;
    private ITimer? _deadlineTimer;
    private bool _writing;
    private bool _ended;
    private bool _deadlinePassed;
    private TaskCompletionSource? _writeLeft;
    private Task _deadlineEnd = Task.CompletedTask;

    public bool HasEnded
    {
        get
        {
            lock (_gate)
                return _ended || _deadlinePassed;
        }
    }

    /// <summary>The moment the client named is in force from here on.</summary>
    public void StartDeadline(TimeSpan timeout)
    {
        DateTimeOffset now = _settings.Time.GetUtcNow();
        if (timeout >= DateTimeOffset.MaxValue - now)
            return;
        _deadline = (now + timeout).UtcDateTime;
        _deadlineSource = CancellationTokenSource.CreateLinkedTokenSource(HttpContext.RequestAborted);
        _token = _deadlineSource.Token;

        // The timer can fire before the field is set when the time-out is tiny; it then finds no timer to re-arm, and needs none.
        _deadlineTimer = _settings.Time.CreateTimer(static state => ((HttpContextServerCallContext)state!).OnDeadlineTimer(), this, Wait(timeout), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes the final status unless one is written already. A last unflushed message, the status and the trailers leave together.</summary>
    public async Task EndAsync(Status status, Metadata? errorTrailers)
    {
        if (_deadlineTimer is not null)
            await _deadlineTimer.DisposeAsync().ConfigureAwait(false);
        Task? write = null;
        Task deadlineEnd;
        lock (_gate)
        {
            deadlineEnd = _deadlineEnd;
            if (!_ended && _writing)
            {
                _writeLeft ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                write = _writeLeft.Task;
            }
        }

        if (write is not null)
            await write.ConfigureAwait(false);
        await deadlineEnd.ConfigureAwait(false);
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
        }

        WriteStatus(_deadlinePassed ? DeadlineStatus : status, _responseTrailers, errorTrailers);
        if (_frames.IsTorn)
            Reset(WireNames.Http2InternalError);
    }

    public void Dispose()
    {
        _deadlineTimer?.Dispose();
        _deadlineSource?.Dispose();
    }

    private static Status DeadlineStatus => new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    private static TimeSpan Wait(TimeSpan timeout) => timeout < TimeSpan.FromDays(1) ? timeout : TimeSpan.FromDays(1);

    private void OnDeadlineTimer()
    {
        TimeSpan left = _deadline - _settings.Time.GetUtcNow().UtcDateTime;
        if (left > TimeSpan.Zero)
        {
            _deadlineTimer?.Change(Wait(left), Timeout.InfiniteTimeSpan);
            return;
        }

        bool endNow;
        TaskCompletionSource? done = null;
        lock (_gate)
        {
            if (_ended || _deadlinePassed)
                return;
            _deadlinePassed = true;
            endNow = !_writing;
            if (endNow)
            {
                _ended = true;
                done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _deadlineEnd = done.Task;
            }
        }

        GrpcLog.DeadlinePassed(_settings.Logger, _method.FullName);
        if (done is not null)
            _ = CompleteAtDeadlineAsync(done);
        else
            _deadlineSource!.Cancel();
    }

    /// <summary>The handler still runs and may never look at its token: tell the client now, then close the stream.</summary>
    private async Task CompleteAtDeadlineAsync(TaskCompletionSource done)
    {
        try
        {
            // Without the handler's trailers: it may be adding to them at this moment.
            WriteStatus(DeadlineStatus, null, null);
            await HttpContext.Response.CompleteAsync().WaitAsync(CompletionLimit, _settings.Time).ConfigureAwait(false);
            Reset(WireNames.Http2NoError);
        }
        catch (TimeoutException)
        {
            // The client does not read, so the status cannot reach it; its own deadline has told it.
            Reset(WireNames.Http2Cancel);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            GrpcLog.ClientGone(_settings.Logger, _method.FullName);
        }
        finally
        {
            // Only now: a handler that wakes up and returns would otherwise complete the response under our hands.
            await _deadlineSource!.CancelAsync().ConfigureAwait(false);
            done.SetResult();
        }
    }

    private void EnterWrite()
    {
        lock (_gate)
        {
            if (_ended || _deadlinePassed)
                throw new InvalidOperationException("Can't write the message because the request is complete.");
            if (_writing)
                throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
            _writing = true;
        }
    }

    private async ValueTask LeaveWriteAsync()
    {
        TaskCompletionSource? waiting;
        TaskCompletionSource? done = null;
        lock (_gate)
        {
            _writing = false;
            waiting = _writeLeft;
            if (_deadlinePassed && !_ended)
            {
                _ended = true;
                done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _deadlineEnd = done.Task;
            }
        }

        if (done is not null)
            await CompleteAtDeadlineAsync(done).ConfigureAwait(false);
        waiting?.TrySetResult();
    }

    private void WriteStatus(Status status, Metadata? trailers, Metadata? errorTrailers)
    {
        HttpResponse response = HttpContext.Response;
        IHeaderDictionary? target = response.Headers;
        if (_bodyBegun || response.HasStarted)
        {
            target = HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        }
        else
        {
            response.ContentType = WireNames.ContentType;
            response.Headers.Remove(WireNames.Encoding);
        }

        if (target is null || target.IsReadOnly)
            return;
        AddTrailers(target, trailers);
        AddTrailers(target, errorTrailers);
        target[WireNames.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
            target[WireNames.Message] = PercentEncoding.Encode(status.Detail);
    }

    private void AddTrailers(IHeaderDictionary target, Metadata? trailers)
    {
        if (trailers is null)
            return;
        foreach (Metadata.Entry entry in trailers)
        {
            if (MetadataCodec.IsReserved(entry.Key))
                continue;
            if (MetadataCodec.IsLegal(entry))
                target.Append(entry.Key, MetadataCodec.ToWire(entry));
            else
                GrpcLog.IllegalTrailer(_settings.Logger, entry.Key, _method.FullName);
        }
    }

    private void Reset(int http2Error) => HttpContext.Features.Get<IHttpResetFeature>()?.Reset(http2Error);
}
