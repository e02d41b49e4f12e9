using Microsoft.AspNetCore.Connections;

namespace Skep.Rpc;

/// <summary>Tells a caller that went away, which is everyday, from a failure of ours.</summary>
public static class HangUps
{
    /// <summary>A reset connection is seen by who reads or writes a moment before the request's token is cancelled.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <param name="error">What a handler threw.</param>
    /// <param name="ended">Cancelled when the caller is gone.</param>
    /// <param name="isLeftBehind">What else the handler throws when its caller is gone; null: nothing.</param>
    /// <remarks>After the end of a call its streams throw whatever fits the moment; the call's token says that it ended.</remarks>
    public static async ValueTask<bool> IsHangUpAsync(Exception error, CancellationToken ended, Func<Exception, bool>? isLeftBehind = null)
    {
        if (error is ConnectionResetException or ConnectionAbortedException)
        {
            return true;
        }

        if (error is not (IOException or OperationCanceledException or InvalidOperationException) && isLeftBehind?.Invoke(error) != true)
        {
            return false;
        }

        if (error is IOException && !ended.IsCancellationRequested)
        {
            await Task.Delay(Moment, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return ended.IsCancellationRequested;
    }
}
