using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>Lines of a Dockerfile that change how an image runs, as <c>docker import --change</c> takes them.</summary>
internal static class ImageChanges
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: another instruction, or one that cannot be read.</exception>
    public static ImageRunJson Apply(ImageRunJson run, IEnumerable<string> changes) => changes.Where(c => c.Trim().Length > 0).Aggregate(run, Apply);

    private static ImageRunJson Apply(ImageRunJson run, string change)
    {
        string[] parts = change.Trim().Split((char[])[' ', '\t'], 2, StringSplitOptions.TrimEntries);
        string rest = parts.Length > 1 ? parts[1] : "";
        if (rest.Length == 0)
        {
            throw ClusterException.Invalid($"{parts[0].ToUpperInvariant()} requires at least one argument");
        }

        return parts[0].ToUpperInvariant() switch
        {
            "CMD" => run with { Cmd = Command(rest) },
            "ENTRYPOINT" => run with { Entrypoint = Command(rest) },
            "ENV" => run with { Env = [.. Pairs(rest).Aggregate(run.Env ?? [], static (env, p) => [.. env.Where(e => !e.StartsWith(p.Key + "=", StringComparison.Ordinal)), $"{p.Key}={p.Value}"])] },
            "LABEL" => run with { Labels = Merge(run.Labels, Pairs(rest)) },
            "USER" => run with { User = rest },
            "WORKDIR" => run with { WorkingDir = rest.StartsWith('/') ? rest : Path.GetFullPath(Path.Combine(run.WorkingDir is { Length: > 0 } now ? now : "/", rest)) },
            "STOPSIGNAL" => run with { StopSignal = rest },
            "EXPOSE" => run with { ExposedPorts = Add(run.ExposedPorts, rest.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Contains('/', StringComparison.Ordinal) ? p : p + "/tcp")) },
            "VOLUME" => run with { Volumes = Add(run.Volumes, rest.StartsWith('[') ? Command(rest) : rest.Split(' ', StringSplitOptions.RemoveEmptyEntries)) },
            var other => throw ClusterException.Invalid($"{other} is not a valid change command"),
        };
    }

    /// <summary>A list in brackets as it is, anything else through a shell.</summary>
    private static List<string> Command(string text)
    {
        if (!text.StartsWith('['))
        {
            return ["/bin/sh", "-c", text];
        }

        try
        {
            return JsonSerializer.Deserialize(text, ImageJsonContext.Default.ListString) ?? [];
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"cannot read {text}: {e.Message}", e);
        }
    }

    /// <summary><c>a=1 b="two words"</c>, or the older <c>a all the rest</c>.</summary>
    private static List<(string Key, string Value)> Pairs(string text)
    {
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (!(space < 0 ? text : text[..space]).Contains('=', StringComparison.Ordinal))
        {
            return space < 0 ? throw ClusterException.Invalid($"{text} must have two arguments") : [(text[..space], text[(space + 1)..].Trim())];
        }

        var pairs = new List<(string, string)>();
        var word = new System.Text.StringBuilder();
        char quote = '\0';
        foreach (char c in text + ' ')
        {
            if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote == '\0' ? c : '\0';
            }
            else if (c == ' ' && quote == '\0')
            {
                if (word.Length > 0 && word.ToString().Split('=', 2) is [var key, var value])
                {
                    pairs.Add((key, value));
                }

                word.Clear();
            }
            else
            {
                word.Append(c);
            }
        }

        return pairs;
    }

    private static Dictionary<string, string> Merge(Dictionary<string, string>? present, IEnumerable<(string Key, string Value)> more)
    {
        var all = new Dictionary<string, string>(present ?? [], StringComparer.Ordinal);
        foreach ((string key, string value) in more)
        {
            all[key] = value;
        }

        return all;
    }

    private static Dictionary<string, JsonElement> Add(Dictionary<string, JsonElement>? present, IEnumerable<string> more)
    {
        using JsonDocument empty = JsonDocument.Parse("{}");
        var all = new Dictionary<string, JsonElement>(present ?? [], StringComparer.Ordinal);
        foreach (string item in more)
        {
            all[item] = empty.RootElement.Clone();
        }

        return all;
    }
}
