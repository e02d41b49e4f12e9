using System.Globalization;
using System.Text.RegularExpressions;
using Skep.Api.Http;
using Skep.Engine;
using Skep.Engine.Containers;
using Skep.Engine.Images;

namespace Skep.Api.Local;

/// <summary>The containers of this node, read only.</summary>
internal static class ContainerRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("GET", "/containers/json", (call, ct) => ListAsync(call, time, ct));
        routes.Add("GET", "/containers/{id}/json", InspectAsync);
    }

    private static async Task ListAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters(
            "ancestor", "before", "expose", "exited", "health", "id", "isolation", "is-task", "label", "name", "network", "publish", "since", "status", "volume");
        filters.RequireKnown("status", "created", "running", "paused", "restarting", "exited", "removing", "dead");
        filters.RequireKnown("health", "none", "starting", "healthy", "unhealthy");
        int? limit = int.TryParse(call.Query("limit"), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : null;

        // Asking for a state that is not running means wanting to see it.
        bool all = call.Flag("all") || limit is not null || filters.Has("status") || filters.Has("exited");
        ValueList<LocalContainer> containers = await call.Local.ListContainersAsync(all, ct);
        DateTimeOffset? before = BoundaryOf(containers, filters, "before");
        DateTimeOffset? since = BoundaryOf(containers, filters, "since");
        IEnumerable<LocalContainer> wanted = containers.Where(c =>
            (before is not { } end || c.CreatedAt < end) && (since is not { } start || c.CreatedAt > start) && Fits(c, filters));
        DateTimeOffset now = time.GetUtcNow();
        List<WireContainerSummary> summaries = [];
        foreach (LocalContainer container in limit is { } most ? wanted.Take(most) : wanted)
        {
            WireContainerSummary summary = ContainerMapping.ToSummary(container, call.Node.Facts.Hostname, now);
            if (call.Flag("size"))
            {
                long own = await call.Local.MeasureContainerAsync(container.Id, ct);
                summary = summary with { SizeRw = own, SizeRootFs = own + ((await ImageAsync(call.Local, container, ct))?.SizeBytes ?? 0) };
            }

            summaries.Add(summary);
        }

        await call.AnswerAsync(summaries, WireJson.Default.ListWireContainerSummary, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        LocalContainer container = await call.Local.InspectContainerAsync(call["id"], ct);
        LocalImage? image = container.Standalone is null ? null : await ImageAsync(call.Local, container, ct);
        WireContainerDetail detail = StandaloneMapping.Complete(ContainerMapping.ToDetail(container, call.Node.Facts.Hostname), container, image?.Settings);
        if (call.Flag("size"))
        {
            long own = await call.Local.MeasureContainerAsync(container.Id, ct);
            image ??= await ImageAsync(call.Local, container, ct);
            detail = detail with { SizeRw = own, SizeRootFs = own + (image?.SizeBytes ?? 0) };
        }

        await call.AnswerAsync(detail, WireJson.Default.WireContainerDetail, ct);
    }

    private static async Task<LocalImage?> ImageAsync(ContainerEngine local, LocalContainer container, CancellationToken ct)
    {
        try
        {
            return await local.InspectImageAsync(container.ImageId.Length > 0 ? container.ImageId : container.Image, ct);
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null; // Removed under the container by force.
        }
    }

    private static bool Fits(LocalContainer container, QueryFilters filters)
        => filters.Prefix("id", container.Id)
            && filters.Any("name", pattern => NameFits(container.Name, pattern))
            && filters.Labels("label", container.Labels)
            && filters.Exact("status", ContainerMapping.Word(container.State))
            && filters.Exact("health", ContainerMapping.Word(container.Health?.State ?? HealthState.None))
            && filters.Any("exited", code => container.State == ContainerState.Exited && code == container.ExitCode.ToString(CultureInfo.InvariantCulture))
            && filters.Any("ancestor", image => container.Image == image || container.Image.StartsWith($"{image}:", StringComparison.Ordinal)
                || container.Image.StartsWith($"{image}@", StringComparison.Ordinal) || container.ImageId.Contains(image, StringComparison.Ordinal))
            && filters.Any("network", name => container.Networks.Any(n => n.Name == name || n.Network.Value == name))
            && filters.Any("volume", name => container.Mounts.Any(m => m.Name == name || m.Target == name))
            && filters.Any("publish", port => container.Ports.Any(p => PortFits(port, p.PublishedPort, p.Protocol)))
            && filters.Any("expose", port => container.Ports.Any(p => PortFits(port, p.TargetPort, p.Protocol)))
            && filters.Exact("isolation", "default")
            && (filters.Flag("is-task") is not { } isTask || isTask == container.IsManaged);

    /// <remarks>Docker takes the value for a regular expression over the name with and without its slash.</remarks>
    private static bool NameFits(string name, string pattern)
    {
        try
        {
            var expression = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return expression.IsMatch(name) || expression.IsMatch($"/{name}");
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"invalid filter 'name={pattern}'", wrong);
        }
    }

    private static bool PortFits(string wanted, int port, PortProtocol protocol)
    {
        string[] parts = wanted.Split('/', 2);
        string[] range = parts[0].Split('-', 2);
        return int.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            && port >= first && port <= last
            && (parts.Length == 1 || parts[1] == protocol.ToWire());
    }

    private static DateTimeOffset? BoundaryOf(ValueList<LocalContainer> containers, QueryFilters filters, string key)
        => filters.Values(key) is [var name, ..]
            ? (containers.FirstOrDefault(c => c.Name == name || c.Id.StartsWith(name, StringComparison.Ordinal))
                ?? throw new ClusterException(ErrorKind.NotFound, $"No such container: {name}")).CreatedAt
            : null;
}
