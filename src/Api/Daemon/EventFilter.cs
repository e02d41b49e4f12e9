using Skep.Api.Http;
using Skep.Engine.Events;

namespace Skep.Api.Daemon;

/// <summary>Which events a client wants.</summary>
/// <remarks>Source: moby/moby:daemon/events/filter.go. Names and ids match by their beginning, as Docker's do; images exactly, with or without a tag.</remarks>
internal sealed class EventFilter(QueryFilters filters)
{
    public static readonly string[] Keys =
        ["config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret", "service", "type", "volume"];

    private static readonly string[] Named = ["config", "container", "daemon", "network", "node", "plugin", "secret", "service", "volume"];

    public bool Wants(NodeEvent told)
        => filters.Exact("scope", told.IsOfCluster ? "swarm" : "local")
            && filters.Exact("type", told.Type)
            && filters.Any("event", asked => ActionFits(asked, told.Action))
            && filters.Labels("label", told.Attributes)
            && filters.Any("image", asked => ImageFits(asked, told))
            && Named.Where(filters.Has).All(kind => told.Type == kind && filters.Any(kind, asked => Begins(told.Id, asked) || Begins(NameOf(told), asked)));

    /// <summary>Actions with words after a colon can be asked for without them.</summary>
    private static bool ActionFits(string asked, string action)
        => asked == action || (asked is "health_status" or "exec_create" or "exec_start" && Begins(action, asked + ":"));

    private static bool ImageFits(string asked, NodeEvent told)
    {
        string name = told.Attributes.TryGetValue(told.Type == "image" ? "name" : "image", out string? found) ? found : "";
        return asked == told.Id || asked == name || asked == WithoutTag(told.Id) || (name.Length > 0 && asked == WithoutTag(name));
    }

    private static string NameOf(NodeEvent told) => told.Attributes.TryGetValue("name", out string? name) ? name : "";

    private static string WithoutTag(string name) => name.LastIndexOf(':') is var colon && colon > name.LastIndexOf('/') ? name[..colon] : name;

    private static bool Begins(string text, string beginning) => text.StartsWith(beginning, StringComparison.Ordinal);
}
