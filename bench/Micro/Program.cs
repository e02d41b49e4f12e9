using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Skep.Micro;

// Plain stopwatch runs: dotnet run -c Release --project bench/Micro -- place 100000 10000 [1 service each]
if (args is ["place", .. string[] sizes])
{
    return PlaceRun.Run(sizes);
}

// What the cores allocate, against bench/budgets.json: ends with 1 when a budget is exceeded.
if (args is ["budgets"])
{
    return BudgetRun.Run();
}

if (args is ["store", .. string[] counts])
{
    return StoreRun.Run(counts);
}

// In process: the generated projects of other toolchains do not know central package versions.
// Usage: dotnet run -c Release --project bench/Micro -- --filter '*Raft*'
IConfig config = DefaultConfig.Instance
    .WithOptions(ConfigOptions.DisableOptimizationsValidator)
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
