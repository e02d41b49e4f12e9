using Grpc.Core;

namespace Skep.Rpc.Tests.Calls;

/// <summary>Writes into calls of which the other side takes no more.</summary>
public sealed class RequestStreamsTests
{
    private readonly BlockedWriter _blocked = new();
    private readonly TaskCompletionSource<string> _answer = new();
    private readonly TaskCompletionSource<bool> _next = new();

    [Fact]
    public async Task A_write_that_waits_ends_with_its_call_and_says_why()
    {
        using var upload = new AsyncClientStreamingCall<string, string>(_blocked, _answer.Task, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => { });
        Task sending = upload.SendAsync("big", CancellationToken.None);
        Assert.False(sending.IsCompleted);

        _answer.SetException(new RpcException(new Status(StatusCode.PermissionDenied, "removed")));

        Assert.Equal("removed", (await Assert.ThrowsAsync<RpcException>(() => sending)).Status.Detail);
    }

    [Fact]
    public async Task A_write_of_a_conversation_ends_with_what_is_read_of_it()
    {
        using var chat = new AsyncDuplexStreamingCall<string, string>(_blocked, null!, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => { });
        Task sending = chat.SendAsync("big", _next.Task, CancellationToken.None);
        Assert.False(sending.IsCompleted);

        _next.SetResult(false);

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => sending)).StatusCode);
    }

    /// <summary>The answer to a message is often seen before the write of that message says that it is done.</summary>
    [Fact]
    public async Task An_answer_is_no_end()
    {
        using var chat = new AsyncDuplexStreamingCall<string, string>(_blocked, null!, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => { });
        Task sending = chat.SendAsync("small", _next.Task, CancellationToken.None);

        _next.SetResult(true);
        _blocked.Done.SetResult();

        await sending;
    }

    [Fact]
    public async Task A_write_that_was_done_when_the_call_ended_is_done()
    {
        using var upload = new AsyncClientStreamingCall<string, string>(_blocked, _answer.Task, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => { });
        Task sending = upload.SendAsync("last", CancellationToken.None);

        _answer.SetResult("taken");
        _blocked.Done.SetResult();

        await sending;
    }

    [Fact]
    public async Task Whoever_waits_no_longer_is_told_so()
    {
        using var stop = new CancellationTokenSource();
        using var upload = new AsyncClientStreamingCall<string, string>(_blocked, _answer.Task, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, () => { });
        Task sending = upload.SendAsync("big", stop.Token);

        await stop.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => sending)).StatusCode);
    }

    /// <summary>As Grpc.Net.Client when the other side's window is full: only the token ends a write.</summary>
    private sealed class BlockedWriter : IClientStreamWriter<string>
    {
        public TaskCompletionSource Done { get; } = new();

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(string message, CancellationToken cancellationToken)
        {
            try
            {
                await Done.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client."));
            }
        }

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
