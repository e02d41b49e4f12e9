using System.Text.RegularExpressions;
using Skep.Model;

namespace Skep.Manager.Control;

/// <summary>The form of placement constraints: <c>key==value</c> or <c>key!=value</c> over keys that the scheduler knows.</summary>
/// <remarks>Source: moby/swarmkit:manager/constraint/constraint.go.</remarks>
internal static partial class ConstraintRules
{
    private static readonly string[] s_keys = ["node.id", "node.hostname", "node.ip", "node.role", "node.platform.os", "node.platform.arch"];

    public static void Check(ValueList<string> constraints)
    {
        foreach (string constraint in constraints)
        {
            Match match = Form().Match(constraint);
            if (!match.Success)
            {
                throw ClusterException.Invalid($"constraint expected one operator from ==, !=: '{constraint}'");
            }

            string key = match.Groups["key"].Value.ToLowerInvariant();
            bool isLabel = key.StartsWith("node.labels.", StringComparison.Ordinal) || key.StartsWith("engine.labels.", StringComparison.Ordinal);
            if (!isLabel && !s_keys.Contains(key, StringComparer.Ordinal))
            {
                throw ClusterException.Invalid($"key '{match.Groups["key"].Value}' is invalid: constraints compare {string.Join(", ", s_keys)}, node.labels.* or engine.labels.*");
            }
        }
    }

    [GeneratedRegex(@"^\s*(?<key>(?i:[a-z_][a-z0-9\-_.]+))\s*(?:==|!=)\s*(?<value>(?i:[a-z0-9:\-_\s.*()?+\[\]\\^$|/]+))\s*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
