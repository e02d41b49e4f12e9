using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Security;

/// <summary>What cuts streams survives each of them, however it ends.</summary>
public sealed class OpenStreamsTests
{
    private const string Session = "/skep.v1.Dispatch/Session";

    private static readonly PeerIdentity Caller = new(new NodeId("x"), NodeRole.Worker, new ClusterId("ours"));

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Members _members = new();
    private readonly OpenStreams _streams;

    public OpenStreamsTests() => _streams = new OpenStreams(new CallAuthority(_members), NullLogger<OpenStreams>.Instance);

    [Fact]
    public async Task A_stream_that_cannot_be_cut_keeps_no_other_open()
    {
        var bad = new Call { Fails = true };
        var good = new Call();
        using IDisposable first = _streams.Watch(Session, Caller, bad.Context), second = _streams.Watch(Session, Caller, good.Context);
        using var stopping = new CancellationTokenSource();
        Task running = _streams.RunAsync(stopping.Token);

        _members.Remove();
        await good.Aborted.Task.WaitAsync(Limit);

        Assert.False(running.IsCompleted);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task The_context_of_a_call_that_has_ended_is_left_alone()
    {
        var ended = new Call { Fails = true };
        var open = new Call();
        IDisposable watched = _streams.Watch(Session, Caller, ended.Context);
        using IDisposable other = _streams.Watch(Session, Caller, open.Context);
        _members.AtNextQuestion = watched.Dispose; // The handler returns between the judgement and the cut.
        using var stopping = new CancellationTokenSource();
        _members.Remove();
        Task running = _streams.RunAsync(stopping.Token);

        await open.Aborted.Task.WaitAsync(Limit);

        Assert.False(ended.Aborted.Task.IsCompleted);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>A call as the server holds it, as far as cutting it goes.</summary>
    private sealed class Call : IHttpRequestLifetimeFeature
    {
        public Call()
        {
            Context = new DefaultHttpContext();
            Context.Features.Set<IHttpRequestLifetimeFeature>(this);
        }

        public DefaultHttpContext Context { get; }

        public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Fails { get; init; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort()
        {
            Aborted.SetResult();
            if (Fails)
            {
                throw new InvalidOperationException("the context is another call's by now");
            }
        }
    }

    private sealed class Members : IClusterMembers
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Standing _standing = Standing.Worker;

        /// <summary>What happens while the next question is asked.</summary>
        public Action? AtNextQuestion { get; set; }

        public ClusterId Cluster => new("ours");

        public Task Changed => _changed.Task;

        public Standing StandingOf(PeerIdentity holder)
        {
            Action? happens = AtNextQuestion;
            AtNextQuestion = null;
            happens?.Invoke();
            return _standing;
        }

        public Task RefreshAsync(CancellationToken ct) => Task.CompletedTask;

        public void Remove()
        {
            _standing = Standing.Removed;
            TaskCompletionSource before = Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            before.SetResult();
        }
    }
}
