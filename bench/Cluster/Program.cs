using System.Text.Json.Nodes;
using Skep.Bench.Cluster;

// bench-cluster [--host unix://SOCKET] [--cluster-run /run/skep-dev] [SCENARIO...]: times what users wait for, on any engine that serves Docker's API.
// Scenarios: memory cli page create stack scale update rate killed leader node. Without any: all.
Settings settings = Settings.Parse(args);
using var engine = new Engine(settings.Host);
using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
CancellationToken ct = limit.Token;
var bench = new Bench(engine, settings);
bool kills = settings.ClusterRun.Length > 0;
var failures = new Failures(settings);

if (kills && (settings.Wants("leader") || settings.Wants("node")))
{
    failures.CheckCluster();
}

if (kills && settings.Wants("memory"))
{
    failures.ReportMemory();
}

if (settings.Wants("cli"))
{
    await new CommandLine(settings).CompareAsync(ct);
}

if (kills && settings.Wants("page"))
{
    await new PageLatency(engine, settings).MeasureAsync(ct);
}

if (kills && settings.Pictures.Length > 0)
{
    await new PagePictures(engine, settings).TakeAsync(ct);
    return;
}

string network = (string)(await engine.PostAsync("networks/create", new JsonObject { ["Name"] = settings.Network, ["Driver"] = "overlay" }, ct))!["Id"]!;
try
{
    if (settings.Wants("create"))
    {
        await bench.CreateToRunningAsync(overlay: false, ct);
        await bench.CreateToRunningAsync(overlay: true, ct);
    }

    if (settings.Wants("stack"))
    {
        await bench.StackAsync(ct);
    }

    if (settings.Wants("killed"))
    {
        await bench.KilledTaskAsync(ct);
    }

    if (settings.Wants("update"))
    {
        await bench.RollingUpdateAsync(ct);
    }

    if (settings.Wants("rate"))
    {
        await bench.CreateRateAsync(1, ct);
        await bench.CreateRateAsync(8, ct);
    }

    if (settings.Wants("scale"))
    {
        await Bench.RestAsync(ct);
        await bench.ScaleAsync(overlay: false, ct);
        await Bench.RestAsync(ct);
        await bench.ScaleAsync(overlay: true, ct);
    }

    if (kills && settings.Wants("leader"))
    {
        await failures.LeaderKilledAsync(ct);
    }

    if (kills && settings.Wants("node"))
    {
        await failures.NodeLostAsync(ct);
    }
}
finally
{
    await Bench.UntilAsync(
        async () =>
        {
            try
            {
                await engine.DeleteAsync($"networks/{network}", CancellationToken.None);
                return true;
            }
            catch (HttpRequestException)
            {
                return false; // Its last tasks are still going.
            }
        },
        "the network to be free",
        CancellationToken.None);
}
