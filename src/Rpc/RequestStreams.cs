using Grpc.Core;

namespace Skep.Rpc;

/// <summary>Writing into a call that may have ended: what is thrown says why it ended.</summary>
/// <remarks>
/// A write of Grpc.Net.Client that meets the end of its call says CANCELLED whatever the server said, and after Dispose it throws
/// <see cref="ObjectDisposedException"/>; the reason is in the answer only. One that waits for the other side to take more may not meet the end at all, and wait
/// for ever: whoever writes without these watches for the end and gives the write up. tests/Grpc.Tests holds the packages to that.
/// </remarks>
public static class RequestStreams
{
    private const int Looks = 10;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WriteMoment = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether a write failed because its call is over, for whatever reason.</summary>
    public static bool IsEndOfCall(Exception error) => error is ObjectDisposedException or IOException or RpcException { StatusCode: StatusCode.Cancelled or StatusCode.OK };

    /// <exception cref="RpcException">The call's own status; Unavailable: it was answered before this was sent.</exception>
    public static Task SendAsync<TRequest, TResponse>(this AsyncClientStreamingCall<TRequest, TResponse> call, TRequest message, CancellationToken ct)
        => SendAsync(call.RequestStream, message, call.ResponseAsync, ct);

    /// <param name="reading">Waits for the next answer, or for the end, which only who reads gets to know. An answer says that the message was taken.</param>
    /// <exception cref="RpcException">The call's own status; Unavailable: it ended well, but before this was sent.</exception>
    public static Task SendAsync<TRequest, TResponse>(this AsyncDuplexStreamingCall<TRequest, TResponse> call, TRequest message, Task<bool> reading, CancellationToken ct)
        => SendAsync(call.RequestStream, message, reading, ct);

    private static async Task SendAsync<TRequest>(IClientStreamWriter<TRequest> stream, TRequest message, Task end, CancellationToken ct)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            Task write = stream.WriteAsync(message, over.Token);
            if (await Task.WhenAny(write, end).ConfigureAwait(false) != write && end is not Task<bool> { IsCompletedSuccessfully: true, Result: true })
            {
                // It may be written too, and only not say so yet.
                await Task.WhenAny(write, Task.Delay(WriteMoment, ct)).ConfigureAwait(false);
                if (!write.IsCompleted)
                {
                    await over.CancelAsync().ConfigureAwait(false);
                }
            }

            await write.ConfigureAwait(false);
        }
        catch (Exception e) when (IsEndOfCall(e) && !ct.IsCancellationRequested)
        {
            await end.ConfigureAwait(false);
            throw Early(e);
        }
    }

    /// <summary>Why the call ended, as far as it can be known without reading its answers, which may be another's to read.</summary>
    public static async Task<RpcException> ReasonAsync<TRequest, TResponse>(this AsyncDuplexStreamingCall<TRequest, TResponse> call, Exception write, CancellationToken ct)
    {
        try
        {
            await call.ResponseHeadersAsync.WaitAsync(ct).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            return e;
        }

        // The package takes note of the end a moment after it has failed the write.
        for (int looks = 0; looks < Looks; looks++)
        {
            try
            {
                Status end = call.GetStatus();
                return end.StatusCode == StatusCode.OK ? Early(write) : new RpcException(end);
            }
            catch (InvalidOperationException)
            {
                await Task.Delay(BetweenLooks, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // It ended after answers that are not read yet; whoever reads them is told.
        return Early(write);
    }

    private static RpcException Early(Exception write) => new(new Status(StatusCode.Unavailable, "the other side ended the call", write));
}
