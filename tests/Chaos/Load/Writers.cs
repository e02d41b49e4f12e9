using System.Text;
using System.Text.Json.Nodes;
using Skep.Testing.Clusters;

namespace Skep.Chaos.Load;

/// <summary>One client per manager, each writing as fast as it is answered; what was acknowledged goes into the ledger and is read back through another manager.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4);
    private readonly CancellationTokenSource _stop = new();
    private readonly TestCluster _cluster;
    private readonly int[] _managers;
    private readonly Ledger _ledger;
    private readonly Task[] _running;
    private readonly string _prefix;
    private volatile string? _stale;

    public Writers(TestCluster cluster, int[] managers, Ledger ledger, int seed, string prefix)
    {
        (_cluster, _managers, _ledger, _prefix) = (cluster, managers, ledger, prefix);
        _running = [.. managers.Select(m => Task.Run(() => WriteAsync(m, new Random(seed + m))))];
    }

    /// <summary>A read that did not see an acknowledged write, if any.</summary>
    public string? StaleRead => _stale;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task WriteAsync(int manager, Random random)
    {
        using EngineClient own = _cluster.Engine(manager, AnswerLimit);
        using EngineClient other = _cluster.Engine(_managers[(Array.IndexOf(_managers, manager) + 1) % _managers.Length], AnswerLimit);
        var mine = new List<string>();
        for (int n = 0; !_stop.IsCancellationRequested; n++)
        {
            if (mine.Count > 3 && random.Next(3) == 0)
            {
                await DeleteAsync(own, mine, random);
            }
            else
            {
                await CreateAsync(own, other, $"{_prefix}-{manager}-{n}", mine, random);
            }
        }
    }

    private async Task CreateAsync(EngineClient own, EngineClient other, string name, List<string> mine, Random random)
    {
        string content = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name} {random.Next()}"));
        _ledger.Trying(name, content);
        try
        {
            JsonNode answer = (await own.PostAsync("configs/create", new JsonObject { ["Name"] = name, ["Data"] = content }))!;
            _ledger.Created(name, (string)answer["ID"]!);
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
            await PauseAsync();
            return;
        }

        mine.Add(name);
        if (random.Next(4) == 0)
        {
            await ReadBackAsync(other, name);
        }
    }

    private async Task DeleteAsync(EngineClient own, List<string> mine, Random random)
    {
        int which = random.Next(mine.Count);
        string name = mine[which];
        mine.RemoveAt(which);
        _ledger.TryingToDelete(name);
        try
        {
            await own.DeleteAsync($"configs/{name}");
            _ledger.Deleted(name);
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
            await PauseAsync();
        }
    }

    /// <summary>Any manager that answers has the write.</summary>
    private async Task ReadBackAsync(EngineClient other, string name)
    {
        try
        {
            await other.GetAsync($"configs/{name}");
        }
        catch (EngineException e) when (e.Status == 404)
        {
            _stale = $"{name} was acknowledged, and another manager answered afterwards: {e.Message}";
        }
        catch (Exception e) when (IsNoAnswer(e))
        {
            await PauseAsync();
        }
    }

    /// <summary>Refused for now, cut off, or too late.</summary>
    private static bool IsNoAnswer(Exception e) => e is HttpRequestException or IOException or OperationCanceledException or EngineException;

    private static Task PauseAsync() => Task.Delay(50);
}
