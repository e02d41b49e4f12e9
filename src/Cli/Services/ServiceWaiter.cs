using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Waits until services are as they were asked to be, and shows how far they are.</summary>
/// <remarks>A service has converged once its tasks have been as wanted for its monitor time. Source: docker/cli:cli/command/service/progress/progress.go.</remarks>
internal sealed class ServiceWaiter(EngineClient engine, Terminal terminal, bool quiet)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan UsualMonitor = TimeSpan.FromSeconds(5);

    private readonly ProgressWriter _board = new(terminal, quiet);

    /// <summary>Waits for one service.</summary>
    /// <param name="id">Its id or name, as messages are to call it.</param>
    /// <exception cref="CliException">Its update was paused.</exception>
    public async Task WaitAsync(string id, CancellationToken cancellation)
    {
        try
        {
            await WatchAsync(id, "", cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new CliException($"Operation continuing in background.\nUse `skep service ps {id}` to check progress.", 0);
        }
    }

    /// <summary>Waits for several at once.</summary>
    public async Task WaitAllAsync(IReadOnlyList<KeyValuePair<string, string>> namesById, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(namesById.Select(pair => WatchAsync(pair.Key, $"{pair.Value}: ", cancellation)));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new CliException("Operation continuing in background.", 0);
        }
    }

    private async Task WatchAsync(string id, string prefix, CancellationToken cancellation)
    {
        DateTimeOffset? convergedAt = null;
        bool rollsBack = false;
        while (true)
        {
            WireService service = await engine.GetAsync($"/services/{Query.Escape(id)}?insertDefaults=false", WireJson.Default.WireService, cancellation);
            string message = service.UpdateStatus?.Message ?? "";
            switch (service.UpdateStatus?.State)
            {
                case "updating":
                    rollsBack = false;
                    break;
                case "completed" when convergedAt is null:
                    return;
                case "paused":
                    throw new CliException($"{prefix}service update paused: {message}");
                case "rollback_started" when !rollsBack && message.Length > 0:
                    _board.WriteLine($"{prefix}rollback: {message}");
                    rollsBack = true;
                    break;
                case "rollback_paused":
                    throw new CliException($"{prefix}service rollback paused: {message}");
                case "rollback_completed" when convergedAt is null:
                    _board.WriteLine($"{prefix}service rolled back: {message}");
                    return;
            }

            TimeSpan monitor = service.Spec?.UpdateConfig?.Monitor is > 0 and var nanoseconds ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick) : UsualMonitor;
            DateTimeOffset now = terminal.Time.GetUtcNow();
            if (convergedAt is { } since && now - since >= monitor)
            {
                _board.WriteLine($"{prefix}verify: Service {id} converged");
                return;
            }

            List<WireTask> tasks = await engine.GetAsync(
                new Query("/tasks").Filter("service", service.Id ?? id).Filter("_up-to-date", "true").ToString(), WireJson.Default.ListWireTask, cancellation);
            List<WireNode> nodes = await engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation);
            Progress progress = Convergence.Read(service, tasks, nodes.Where(static node => node.Status?.State == "down").Select(static node => node.Id ?? "").ToHashSet(StringComparer.Ordinal));
            _board.Show(prefix, progress);
            if (!progress.IsConverged)
            {
                if (convergedAt is not null)
                {
                    _board.Verify(prefix, "Detected task failure");
                }

                convergedAt = null;
            }
            else if (Convergence.IsJob(service))
            {
                _board.WriteLine($"{prefix}job complete");
                return;
            }
            else
            {
                convergedAt ??= now;
                int seconds = (int)Math.Ceiling((monitor - (now - convergedAt.Value)).TotalSeconds);
                _board.Verify(prefix, string.Create(CultureInfo.InvariantCulture, $"Waiting {seconds} seconds to verify that tasks are stable..."));
            }

            await Task.Delay(Pause, terminal.Time, cancellation);
        }
    }
}
