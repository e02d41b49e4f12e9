using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>containerd's events about containers and what runs in them, forever: subscribed again after each break, with a sign when the picture must be taken anew.</summary>
/// <remarks>
/// The stream says neither that it stands nor what was missed. So a marker of our own is published until it comes back; from then on nothing is
/// missed, and whoever reconciles after <see cref="OnStanding"/> sees what happened before.
/// </remarks>
internal sealed class EventStream(ContainerdClient client, string containerdNamespace, IdSource ids, TimeProvider time, ILogger logger)
{
    private const string MarkerTopic = "/skep/mark";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    public required Action<ProcessKey, ProcessExit> OnExit { get; init; }

    public required Action<string> OnOutOfMemory { get; init; }

    /// <summary>The record of a container of that id was created, changed or deleted.</summary>
    public required Action<string> OnContainerChanged { get; init; }

    /// <summary>Awaited each time the subscription stands, while events already flow.</summary>
    public required Func<CancellationToken, Task> OnStanding { get; init; }

    public async Task RunAsync(CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                await ListenAsync(() => pause = FirstPause, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Whatever it was: without events no container's end is noticed.
                EngineLog.EventStreamBroke(logger, e is RpcException rpc ? rpc.Status.Detail : e.Message, pause);
            }

            ct.ThrowIfCancellationRequested();
            await Task.Delay(pause, time, ct);
            pause = Backoff.Next(pause, LongestPause);
        }
    }

    private async Task ListenAsync(Action standing, CancellationToken ct)
    {
        string marker = ids.Next();
        var request = new Cd.SubscribeRequest();
        request.Filters.Add($"namespace=={containerdNamespace},topic~=\"^/(tasks/(exit|oom)|containers/|skep/mark)\"");
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using AsyncServerStreamingCall<Cd.EventEnvelope> call = client.Events.Subscribe(request, cancellationToken: scope.Token);
        Task? reconciling = null;
        Task marking = MarkAsync(marker, scope.Token);
        try
        {
            await foreach (Cd.EventEnvelope envelope in call.ResponseStream.ReadAllAsync(ct))
            {
                if (envelope.Topic != MarkerTopic)
                {
                    try
                    {
                        Handle(envelope);
                    }
                    catch (InvalidProtocolBufferException e)
                    {
                        EngineLog.EventNotUnderstood(logger, e.Message);
                    }
                }
                else if (reconciling is null && envelope.Event.Value.ToStringUtf8() == marker)
                {
                    standing();
                    reconciling = ReconcileAsync(scope);
                }
            }
        }
        finally
        {
            await scope.CancelAsync();
            await marking.SuppressThrowingAsync();
            if (reconciling is not null)
            {
                await reconciling.SuppressThrowingAsync();
            }
        }

        async Task MarkAsync(string text, CancellationToken stop)
        {
            // Until it comes back the subscription may not stand yet; a lost marker is simply sent again.
            while (reconciling is null)
            {
                try
                {
                    await client.Events.PublishAsync(
                        new Cd.PublishRequest { Topic = MarkerTopic, Event = new Any { TypeUrl = "skep.v1.Mark", Value = ByteString.CopyFromUtf8(text) } }, cancellationToken: stop);
                }
                catch (RpcException e) when (!stop.IsCancellationRequested)
                {
                    EngineLog.EventStreamBroke(logger, e.Status.Detail, FirstPause);
                }

                await Task.Delay(FirstPause, time, stop);
            }
        }
    }

    /// <summary>A picture that cannot be taken breaks the stream off, so that it is tried again.</summary>
    private async Task ReconcileAsync(CancellationTokenSource stream)
    {
        try
        {
            await OnStanding(stream.Token);
        }
        catch (Exception e) when (!stream.IsCancellationRequested)
        {
            EngineLog.EventStreamBroke(logger, e.Message, FirstPause);
            await stream.CancelAsync();
        }
    }

    private void Handle(Cd.EventEnvelope envelope)
    {
        switch (envelope.Event.TypeUrl)
        {
            case "containerd.events.TaskExit":
                Cd.TaskExitEvent exit = Cd.TaskExitEvent.Parser.ParseFrom(envelope.Event.Value);
                // An exec's end carries its own id; that of process 1 repeats the container's.
                var key = new ProcessKey(exit.ContainerId, exit.Id == exit.ContainerId ? "" : exit.Id);
                OnExit(key, new ProcessExit((int)exit.ExitStatus, exit.ExitedAt?.ToDateTimeOffset() ?? time.GetUtcNow()));
                break;
            case "containerd.events.ContainerCreate" or "containerd.events.ContainerUpdate" or "containerd.events.ContainerDelete":
                OnContainerChanged(Cd.ContainerEvent.Parser.ParseFrom(envelope.Event.Value).Id);
                break;
            case "containerd.events.TaskOOM":
                OnOutOfMemory(Cd.TaskOomEvent.Parser.ParseFrom(envelope.Event.Value).ContainerId);
                break;
        }
    }
}
