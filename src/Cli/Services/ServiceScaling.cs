using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary><c>service scale</c> and <c>service rollback</c>.</summary>
internal static class ServiceScaling
{
    public static readonly Verb Scale = new(
        "SERVICE=REPLICAS [SERVICE=REPLICAS...]", "Scale one or multiple replicated services", Arity.Some, [CommonFlags.Detach], ScaleAsync);

    public static readonly Verb Rollback = new(
        "[OPTIONS] SERVICE", "Revert changes to a service's configuration", Arity.One, [CommonFlags.Detach, CommonFlags.QuietProgress], RollbackAsync);

    public static void Warn(Invocation call, List<string>? warnings)
    {
        foreach (string warning in warnings ?? [])
        {
            call.Err.WriteLine(warning);
        }
    }

    private static async Task<int> ScaleAsync(Invocation call, CancellationToken cancellation)
    {
        List<(string Name, ulong Replicas)> wanted = [];
        foreach (string argument in call.Arguments)
        {
            (string name, string count) = GoValues.Pair(argument);
            if (!argument.Contains('=', StringComparison.Ordinal))
            {
                throw new CliException($"invalid scale specifier '{argument}'.\nGive each service as SERVICE=REPLICAS.");
            }

            wanted.Add((name, ulong.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out ulong replicas)
                ? replicas
                : throw new CliException($"{name}: invalid replicas value {count}: strconv.ParseUint: parsing \"{count}\": invalid syntax")));
        }

        List<string> failures = [];
        List<string> waitFor = [];
        foreach ((string name, ulong replicas) in wanted)
        {
            try
            {
                WireService service = await ServiceReading.FindAsync(call.Engine, name, cancellation);
                WireServiceSpec spec = service.Spec ?? new WireServiceSpec();
                WireServiceMode mode = spec.Mode switch
                {
                    { Replicated: { } replicated } => new WireServiceMode { Replicated = replicated with { Replicas = replicas } },
                    { ReplicatedJob: { } job } => new WireServiceMode { ReplicatedJob = job with { TotalCompletions = replicas } },
                    _ => throw new CliException("scale can only be used with replicated or replicated-job mode"),
                };
                WireWarnings answer = await call.Engine.PostAsync(
                    new Query($"/services/{service.Id}/update").With("version", service.Version?.Index ?? 0).ToString(),
                    spec with { Mode = mode },
                    WireJson.Default.WireServiceSpec,
                    WireJson.Default.WireWarnings,
                    cancellation);
                Warn(call, answer.Warnings);
                call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} scaled to {replicas}"));
                waitFor.Add(name);
            }
            catch (CliException failure)
            {
                failures.Add($"{name}: {failure.Message}");
            }
        }

        if (!call.Get(CommonFlags.Detach))
        {
            foreach (string name in waitFor)
            {
                try
                {
                    await new ServiceWaiter(call.Engine, call.Terminal, quiet: false).WaitAsync(name, cancellation);
                }
                catch (CliException failure) when (failure.ExitCode != 0)
                {
                    failures.Add($"{name}: {failure.Message}");
                }
            }
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    private static async Task<int> RollbackAsync(Invocation call, CancellationToken cancellation)
    {
        WireService service = await ServiceReading.FindAsync(call.Engine, call.Arguments[0], cancellation);
        WireWarnings answer = await call.Engine.PostAsync(
            new Query($"/services/{service.Id}/update").With("version", service.Version?.Index ?? 0).With("rollback", "previous").ToString(),
            service.Spec ?? new WireServiceSpec(),
            WireJson.Default.WireServiceSpec,
            WireJson.Default.WireWarnings,
            cancellation);
        Warn(call, answer.Warnings);
        call.Out.WriteLine(call.Arguments[0]);
        if (!call.Get(CommonFlags.Detach))
        {
            await new ServiceWaiter(call.Engine, call.Terminal, call.Get(CommonFlags.QuietProgress)).WaitAsync(call.Arguments[0], cancellation);
        }

        return 0;
    }
}
