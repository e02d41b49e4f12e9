using System.Text.RegularExpressions;
using Skep.Engine.Containers;

namespace Skep.Api.Cluster;

/// <summary>What <c>logs --details</c> shows with each line: labels and variables that the container's log options name, and its tag.</summary>
/// <remarks>Source: docs.docker.com, JSON File logging driver and Customize log driver output.</remarks>
internal static class LogAttributes
{
    private const int ShortId = 12;

    /// <returns><c>key=value,key=value</c>, by name.</returns>
    public static string Of(LocalContainer container)
    {
        ValueMap<string, string> options = container.Spec?.LogDriver?.Options ?? ValueMap<string, string>.Empty;
        SortedDictionary<string, string> attributes = Named(options, container.Labels, container.Env);
        if (options.TryGetValue("tag", out string? tag) && tag.Length > 0)
        {
            attributes["tag"] = Tag(tag, container);
        }

        return Write(attributes);
    }

    /// <summary>Of a task: whose it is, and what its log options name of its labels and variables as the service gave them.</summary>
    public static string Of(SwarmTask task)
    {
        SortedDictionary<string, string> attributes = Named(task.Spec.LogDriver?.Options ?? ValueMap<string, string>.Empty, task.Spec.Container.Labels, task.Spec.Container.Env);
        attributes["com.docker.swarm.node.id"] = task.Node?.Value ?? "";
        attributes["com.docker.swarm.service.id"] = task.ServiceId.Value;
        attributes["com.docker.swarm.task.id"] = task.Id.Value;
        return Write(attributes);
    }

    private static string Write(SortedDictionary<string, string> attributes)
        => string.Join(',', attributes.Select(a => $"{Uri.EscapeDataString(a.Key)}={Uri.EscapeDataString(a.Value)}"));

    private static SortedDictionary<string, string> Named(ValueMap<string, string> options, ValueMap<string, string> labels, ValueList<string> env)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in labels)
        {
            if (IsNamed(options, "labels", name))
            {
                attributes[name] = value;
            }
        }

        foreach (string variable in env)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && IsNamed(options, "env", variable[..equals]))
            {
                attributes[variable[..equals]] = variable[(equals + 1)..];
            }
        }

        return attributes;
    }

    private static bool IsNamed(ValueMap<string, string> options, string option, string name)
        => (options.TryGetValue(option, out string? names) && names.Split(',').Contains(name))
            || (options.TryGetValue($"{option}-regex", out string? pattern) && pattern.Length > 0 && Fits(pattern, name));

    private static bool Fits(string pattern, string name)
    {
        try
        {
            return Regex.IsMatch(name, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Tag(string template, LocalContainer container) => template
        .Replace("{{.ID}}", container.Id[..ShortId], StringComparison.Ordinal)
        .Replace("{{.FullID}}", container.Id, StringComparison.Ordinal)
        .Replace("{{.Name}}", container.Name, StringComparison.Ordinal)
        .Replace("{{.ImageName}}", container.Image, StringComparison.Ordinal)
        .Replace("{{.ImageFullID}}", container.ImageId, StringComparison.Ordinal)
        .Replace("{{.ImageID}}", container.ImageId.Replace("sha256:", "", StringComparison.Ordinal) is { Length: > ShortId } id ? id[..ShortId] : container.ImageId, StringComparison.Ordinal)
        .Replace("{{.DaemonName}}", "skepd", StringComparison.Ordinal);
}
