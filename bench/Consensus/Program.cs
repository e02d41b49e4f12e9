using Skep.Bench.Consensus;
using Skep.Bench.Consensus.Driver;
using Skep.Bench.Consensus.Members;

if (args is ["member", ..])
{
    return await MemberProcess.RunAsync(MemberOptions.Parse(args));
}

if (args is [] || args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true; // What was started must be ended first.
    stop.Cancel();
};

try
{
    Settings settings = Settings.Parse(args);
    settings.CheckData();
    return settings.Scenario switch
    {
        Scenario.Table => await new TableRun(settings).RunAsync(stop.Token),
        Scenario.Failover => await new FailoverRun(settings).RunAsync(stop.Token),
        Scenario.Kill => await new KillRun(settings).RunAsync(stop.Token),
    };
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"bench-consensus: {e.Message}\n\n{Settings.Usage}");
    return 125;
}
catch (Exception e) when (e is TimeoutException or MemberException or InvalidOperationException or IOException)
{
    Console.Error.WriteLine($"bench-consensus: {e.Message}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
