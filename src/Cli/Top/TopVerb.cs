using System.Globalization;
using Skep.Cli.Containers;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Top;

/// <summary><c>top</c>: the cluster at a glance, again and again; with a container's name, what runs in it, as docker's.</summary>
internal static class TopVerb
{
    private static readonly Flag<bool> NoStream = Flag.Switch("no-stream", "Show the cluster once and quit");
    private static readonly Flag<long?> Interval = Flag.Duration("interval", "Time between two pictures (ms|s|m) (default 2s)");
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);

    public static readonly Verb Top = new("[OPTIONS]\n\tskep top CONTAINER [ps OPTIONS]", "Show nodes and services with what they use, live; or the processes of a container", Arity.Any,
        [NoStream, Interval, CommonFlags.Format], static (call, cancellation) => call.Arguments.Length > 0 ? ContainerStats.TopAsync(call, cancellation) : RunAsync(call, cancellation))
    {
        FlagsEndAtArgument = true,
    };

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        bool once = call.Get(NoStream) || !call.Terminal.IsInteractive;
        TimeSpan pause = call.Get(Interval) is { } nanoseconds ? TimeSpan.FromTicks(Math.Max(Least.Ticks, nanoseconds / 100)) : Usual;
        UsageSampler sampler = new(call.Engine);
        if (once)
        {
            // Shares of the processors need two samples.
            await sampler.SampleAsync(await TasksAsync(call, cancellation), cancellation);
            await Task.Delay(TimeSpan.FromSeconds(1), call.Terminal.Time, cancellation);
            call.Out.Write(Draw(call, await LookAsync(call, sampler, cancellation)));
            return 0;
        }

        call.Out.Write("\e[?1049h\e[?25l"); // The other screen, without a cursor: what stood there before comes back.
        try
        {
            while (true)
            {
                string page = Draw(call, await LookAsync(call, sampler, cancellation));
                int rows = (call.Terminal.Size?.Rows ?? 24) - 1;
                int columns = call.Terminal.Size?.Columns ?? 80;
                IEnumerable<string> lines = page.Split('\n').Take(rows).Select(line => (line.Length > columns ? line[..columns] : line) + "\e[K");
                call.Out.Write($"\e[H{string.Join("\r\n", lines)}\e[J");
                await call.Out.FlushAsync(cancellation);
                await Task.Delay(pause, call.Terminal.Time, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0; // That is how one leaves it.
        }
        finally
        {
            call.Out.Write("\e[?25h\e[?1049l");
            call.Out.Flush();
        }
    }

    private static async Task<ClusterTable> LookAsync(Invocation call, UsageSampler sampler, CancellationToken cancellation)
    {
        List<WireNode> nodes = await call.Engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation);
        List<WireService> services = await call.Engine.GetAsync("/services?status=true", WireJson.Default.ListWireService, cancellation);
        List<WireTask> tasks = await TasksAsync(call, cancellation);
        return new ClusterTable(nodes, services, tasks, await sampler.SampleAsync(tasks, cancellation));
    }

    private static Task<List<WireTask>> TasksAsync(Invocation call, CancellationToken cancellation)
        => call.Engine.GetAsync("/tasks", WireJson.Default.ListWireTask, cancellation);

    private static string Draw(Invocation call, ClusterTable picture)
    {
        string format = call.Get(CommonFlags.Format);
        using StringWriter page = new() { NewLine = "\n" };
        if (format.Length > 0)
        {
            Listing.Print(page, format, null, ClusterTable.NodeColumns, [.. picture.NodeRows(), .. picture.ServiceRows()]);
            return page.ToString();
        }

        page.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{call.Terminal.Time.GetLocalNow():HH:mm:ss}  {picture.Nodes.Count(static n => n.Status?.State == "ready")} of {picture.Nodes.Count} nodes ready, {picture.Services.Count} services, {picture.Tasks.Count(static t => t.Status?.State == "running")} tasks running\n"));
        Listing.Print(page, "", null, ClusterTable.NodeColumns, [.. picture.NodeRows()]);
        page.WriteLine();
        Listing.Print(page, "", null, ClusterTable.ServiceColumns, [.. picture.ServiceRows()]);
        return page.ToString();
    }
}
