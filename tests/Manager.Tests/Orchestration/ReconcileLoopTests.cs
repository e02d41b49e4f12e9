using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Skep.Manager.Orchestration;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

/// <summary>No stored object can stop a loop: what cannot be done for one key waits by itself.</summary>
public sealed class ReconcileLoopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("taken", "Stubborn: service:mine of Service second is taken by Service first")]
    [InlineData("broken", "Stubborn: cannot be planned: a stored value nobody thought of")]
    public async Task A_key_that_cannot_be_served_waits_longer_each_time_and_the_others_go_on(string bad, string told)
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.CommitAsync([new StoreChange.Create(Named("first", "mine"))]);
        using CancellationTokenSource stop = new(Limit);
        var pauses = new PauseLog();
        var loop = new ReconcileLoop<ServiceId>(new Stubborn(), manager.Store, manager.Time, manager.Ids, new Random(1), pauses);
        Task running = loop.RunAsync(stop.Token);

        await manager.CommitAsync([new StoreChange.Create(Named(bad, bad)), new StoreChange.Create(Named("good", "good"))]);
        await UntilAsync(manager.Store, v => v.Configs.ByName("made for good") is not null, stop.Token);
        for (int i = 0; i < 10; i++)
        {
            await pauses.NextAsync(stop.Token);
            ulong before = manager.Store.View().Index;
            manager.Time.Advance(TimeSpan.FromSeconds(Math.Min(30, 0.1 * Math.Pow(2, i))));
            Assert.True(manager.Store.View().Index <= before + 2, "refused plans flood the log");
        }

        Assert.Equal(told, manager.Store.View().Services.Find(new ServiceId(bad))!.Trouble);

        Assert.False(running.IsCompleted, $"{running.Exception}");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_key_that_others_change_all_the_time_is_tried_each_second_and_is_no_trouble()
    {
        OneManager manager = await OneManager.StartAsync();
        using CancellationTokenSource stop = new(Limit);
        var pauses = new PauseLog();
        Task running = new ReconcileLoop<ServiceId>(new Stubborn(), manager.Store, manager.Time, manager.Ids, new Random(1), pauses).RunAsync(stop.Token);

        await manager.CommitAsync([new StoreChange.Create(Named("fought", "fought"))]);
        for (int i = 0; i < 20; i++)
        {
            await pauses.NextAsync(stop.Token);
            if (i >= 5)
            {
                manager.Time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal("", manager.Store.View().Services.Find(new ServiceId("fought"))!.Trouble);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Two_loops_in_trouble_over_one_service_do_not_talk_each_other_down()
    {
        OneManager manager = await OneManager.StartAsync();
        Service service = Named("taken", "taken") with { Trouble = "Another: was here first" };
        await manager.CommitAsync([new StoreChange.Create(Named("first", "mine")), new StoreChange.Create(service)]);
        using CancellationTokenSource stop = new(Limit);
        var pauses = new PauseLog();
        Task running = new ReconcileLoop<ServiceId>(new Stubborn(), manager.Store, manager.Time, manager.Ids, new Random(1), pauses).RunAsync(stop.Token);
        for (int i = 0; i < 6; i++)
        {
            await pauses.NextAsync(stop.Token);
            manager.Time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal("Another: was here first", manager.Store.View().Services.Find(service.Id)!.Trouble);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_is_in_the_way_of_a_service_is_told_until_it_is_gone()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.CommitAsync([new StoreChange.Create(Named("first", "mine")), new StoreChange.Create(Named("taken", "taken"))]);
        using CancellationTokenSource stop = new(Limit);
        var pauses = new PauseLog();
        Task running = new ReconcileLoop<ServiceId>(new Stubborn(), manager.Store, manager.Time, manager.Ids, new Random(1), pauses).RunAsync(stop.Token);
        for (int i = 0; i < 3; i++)
        {
            await pauses.NextAsync(stop.Token);
            manager.Time.Advance(TimeSpan.FromSeconds(0.1 * Math.Pow(2, i)));
        }

        await UntilAsync(manager.Store, v => v.Services.Find(new ServiceId("taken"))!.Trouble.Length > 0, stop.Token);
        await manager.CommitAsync([StoreChange.Remove.Of(manager.Store.View().Services.Find(new ServiceId("first"))!)]);
        manager.Time.Advance(TimeSpan.FromSeconds(30));
        await UntilAsync(manager.Store, v => v.Services.Find(new ServiceId("second")) is not null && v.Services.Find(new ServiceId("taken"))!.Trouble.Length == 0, stop.Token);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Service Named(string id, string name) => new(new ServiceId(id)) { Spec = new ServiceSpec(new Annotations(name)) { Task = new TaskSpec { Container = new ContainerSpec("a") } } };

    private static async Task UntilAsync(ClusterStore store, Func<StoreView, bool> condition, CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        if (condition(store.View()))
        {
            return;
        }

        await foreach (StoreBatch batch in watch.WithCancellation(ct))
        {
            if (condition(batch.View))
            {
                return;
            }
        }
    }

    /// <summary>Makes a config for "good", wants a name that is taken for "taken", and fails over "broken".</summary>
    private sealed class Stubborn : IReconciler<ServiceId>
    {
        public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Services.Select(s => s.Id);

        public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest is Service service ? [service.Id] : [];

        public Plan Reconcile(StoreView view, ServiceId key, Moment moment) => key.Value switch
        {
            "good" when view.Configs.ByName("made for good") is null
                => new Plan([new StoreChange.Create(new Config(new ConfigId("made")) { Spec = new ConfigSpec(new Annotations("made for good")) })], null),
            "taken" => new Plan([new StoreChange.Create(Named("second", "mine"))], null),
            "fought" => new Plan([new StoreChange.Update(Named("fought", "of yesterday"))], null),
            "broken" => throw new OverflowException("a stored value nobody thought of"),
            _ => Plan.Nothing,
        };
    }

    /// <summary>Hears each time that a key was told to wait.</summary>
    private sealed class PauseLog : ILogger
    {
        private readonly Channel<int> _heard = Channel.CreateUnbounded<int>();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _heard.Writer.TryWrite(eventId.Id);

        public async Task NextAsync(CancellationToken ct) => Assert.Contains(await _heard.Reader.ReadAsync(ct), new[] { 3033, 3034, 3061 });
    }
}
