using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>The table of services that <c>service ls</c> and <c>stack services</c> print.</summary>
internal static class ServiceListing
{
    public static readonly Verb List = new("[OPTIONS]", "List services", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], async (call, cancellation) =>
    {
        Print(call, await FetchAsync(call, new Query("/services").Filters(call.All(CommonFlags.Filter)), cancellation));
        return 0;
    });

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}",
        ("ID", "ID"), ("Name", "NAME"), ("Mode", "MODE"), ("Replicas", "REPLICAS"), ("Image", "IMAGE"), ("Ports", "PORTS"));

    /// <summary>With how many of their tasks run; ids alone need no count.</summary>
    public static Task<List<WireService>> FetchAsync(Invocation call, Query query, CancellationToken cancellation)
        => call.Engine.GetAsync(query.When(!call.Get(CommonFlags.Quiet), "status", "true").ToString(), WireJson.Default.ListWireService, cancellation);

    public static void Print(Invocation call, List<WireService> services) => Listing.Print(
        call.Out,
        call.Get(CommonFlags.Format),
        call.Get(CommonFlags.Quiet) ? "ID" : null,
        Columns,
        [.. services.OrderBy(static service => service.Spec?.Name, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(static service => new Row
        {
            ["ID"] = HumanFormat.Short(service.Id),
            ["Name"] = service.Spec?.Name ?? "",
            ["Mode"] = Mode(service.Spec?.Mode),
            ["Replicas"] = Replicas(service),
            ["Image"] = ImageReference.WithoutDigest(service.Spec?.TaskTemplate?.ContainerSpec?.Image),
            ["Ports"] = Ports(service.Endpoint?.Ports ?? []),
        })]);

    public static string Mode(WireServiceMode? mode) => mode switch
    {
        { Global: not null } => "global",
        { ReplicatedJob: not null } => "replicated job",
        { GlobalJob: not null } => "global job",
        _ => "replicated",
    };

    /// <summary><c>*:8000-8001->80-81/tcp</c>: neighbours join.</summary>
    public static string Ports(IEnumerable<WirePort> ports)
    {
        List<(string Protocol, long From, long To, long Target)> ranges = [];
        foreach (WirePort port in ports.Where(static port => port.PublishMode is null or "ingress").OrderBy(static port => port.Protocol, StringComparer.Ordinal).ThenBy(static port => port.PublishedPort))
        {
            if (ranges.Count > 0 && ranges[^1] is var last && last.Protocol == port.Protocol && last.To + 1 == port.PublishedPort && last.Target + (last.To - last.From) + 1 == port.TargetPort)
            {
                ranges[^1] = last with { To = port.PublishedPort };
            }
            else
            {
                ranges.Add((port.Protocol ?? "tcp", port.PublishedPort, port.PublishedPort, port.TargetPort));
            }
        }

        static string Range(long from, long to) => from == to ? from.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{from}-{to}");
        return string.Join(", ", ranges.Select(static range => $"*:{Range(range.From, range.To)}->{Range(range.Target, range.Target + range.To - range.From)}/{range.Protocol}"));
    }

    private static string Replicas(WireService service)
    {
        WireServiceStatus status = service.ServiceStatus ?? new WireServiceStatus();
        ulong limit = service.Spec?.TaskTemplate?.Placement?.MaxReplicas ?? 0;
        return service.Spec?.Mode switch
        {
            { ReplicatedJob: { } job } => string.Create(CultureInfo.InvariantCulture, $"{status.RunningTasks}/{status.DesiredTasks} ({status.CompletedTasks}/{job.TotalCompletions ?? 0} completed)"),
            { GlobalJob: not null } => string.Create(CultureInfo.InvariantCulture, $"{status.RunningTasks}/{status.DesiredTasks} ({status.CompletedTasks}/{status.DesiredTasks + status.CompletedTasks} completed)"),
            { Replicated: not null } when limit > 0 => string.Create(CultureInfo.InvariantCulture, $"{status.RunningTasks}/{status.DesiredTasks} (max {limit} per node)"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{status.RunningTasks}/{status.DesiredTasks}"),
        };
    }
}
