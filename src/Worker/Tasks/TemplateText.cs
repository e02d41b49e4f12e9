using System.Globalization;
using System.Text;

namespace Skep.Worker.Tasks;

/// <summary>What a task's templates can name.</summary>
/// <remarks>Source: moby/swarmkit:template/context.go.</remarks>
internal sealed record TemplateContext
{
    public required SwarmTask Task { get; init; }

    public required NodeId Node { get; init; }

    public required string Hostname { get; init; }

    public required Platform Platform { get; init; }

    /// <summary>For files only: environment of the task, texts of its secrets and configs by target name.</summary>
    public ValueMap<string, string> Env { get; init; } = ValueMap<string, string>.Empty;

    public Func<string, string?> Secret { get; init; } = _ => null;

    public Func<string, string?> Config { get; init; } = _ => null;
}

/// <summary>Fills <c>{{.Node.ID}}</c> and its like. A small part of Go's templates: fields, <c>index</c>, and in files <c>env</c>, <c>secret</c>, <c>config</c>.</summary>
internal static class TemplateText
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: an expression is unknown.</exception>
    public static string Expand(string text, TemplateContext context)
    {
        int open = text.IndexOf("{{", StringComparison.Ordinal);
        if (open < 0)
        {
            return text;
        }

        var result = new StringBuilder();
        int at = 0;
        while (open >= 0)
        {
            int close = text.IndexOf("}}", open + 2, StringComparison.Ordinal);
            if (close < 0)
            {
                throw ClusterException.Invalid($"expanding \"{text}\": unclosed action");
            }

            string before = text[at..open];
            string action = text[(open + 2)..close];
            // {{- and -}} trim the space around.
            if (action.StartsWith("- ", StringComparison.Ordinal))
            {
                (before, action) = (before.TrimEnd(), action[2..]);
            }

            result.Append(before);
            at = close + 2;
            if (action.EndsWith(" -", StringComparison.Ordinal))
            {
                action = action[..^2];
                while (at < text.Length && char.IsWhiteSpace(text[at]))
                {
                    at++;
                }
            }

            result.Append(Evaluate(action.Trim(), context));
            open = text.IndexOf("{{", at, StringComparison.Ordinal);
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static string Evaluate(string expression, TemplateContext context)
    {
        string[] words = Words(expression);
        SwarmTask task = context.Task;
        return words switch
        {
            [".Node.ID"] => context.Node.Value,
            [".Node.Hostname"] => context.Hostname,
            [".Node.Platform.OS"] => context.Platform.Os,
            [".Node.Platform.Architecture"] => context.Platform.Architecture,
            [".Service.ID"] => task.ServiceId.Value,
            [".Service.Name"] => task.ServiceAnnotations.Name,
            [".Service.Labels"] => $"map[{string.Join(' ', task.ServiceAnnotations.Labels.Select(l => $"{l.Key}:{l.Value}"))}]",
            [".Task.ID"] => task.Id.Value,
            [".Task.Name"] => task.Name,
            [".Task.Slot"] => task.Slot > 0 ? task.Slot.ToString(CultureInfo.InvariantCulture) : context.Node.Value,
            ["index", ".Service.Labels", var key] => task.ServiceAnnotations.Labels.TryGetValue(Unquote(key), out string? label) ? label : "",
            ["env", var name] => context.Env.TryGetValue(Unquote(name), out string? value) ? value : "",
            ["secret", var name] => context.Secret(Unquote(name)) ?? throw ClusterException.Invalid($"secret target {Unquote(name)} not found"),
            ["config", var name] => context.Config(Unquote(name)) ?? throw ClusterException.Invalid($"config target {Unquote(name)} not found"),
            _ when expression.StartsWith(".Service.Labels.", StringComparison.Ordinal)
                => task.ServiceAnnotations.Labels.TryGetValue(expression[".Service.Labels.".Length..], out string? label) ? label : "<no value>",
            _ => throw ClusterException.Invalid($"expanding template: can't evaluate \"{expression}\""),
        };
    }

    private static string Unquote(string word) => word.Length >= 2 && word[0] is '"' or '`' && word[^1] == word[0] ? word[1..^1] : word;

    /// <summary>Splits at spaces outside quotes.</summary>
    private static string[] Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char quote = '\0';
        foreach (char c in text)
        {
            if (quote == '\0' && c == ' ')
            {
                if (word.Length > 0)
                {
                    words.Add(word.ToString());
                }

                word.Clear();
                continue;
            }

            if (c is '"' or '`')
            {
                quote = quote == '\0' ? c : quote == c ? '\0' : quote;
            }

            word.Append(c);
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return [.. words];
    }
}
