using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Skep.Scheduler;

/// <summary>A condition on nodes, as users write it: <c>node.labels.zone != a</c>.</summary>
/// <remarks>
/// Keys and values are compared without regard to case; the name of a label is not. A label or description that is not there counts as empty.
/// Unlike Swarm, which stores an unknown key and never places the task, <see cref="Parse"/> refuses it.
/// Source: moby/swarmkit:manager/constraint/constraint.go.
/// </remarks>
public sealed partial class Constraint
{
    private readonly NodeTrait _trait;
    private readonly bool _wanted;
    private readonly string _value;
    private readonly AddressRange? _addresses;

    private Constraint(NodeTrait trait, bool wanted, string value, AddressRange? addresses)
    {
        _trait = trait;
        _wanted = wanted;
        _value = value;
        _addresses = addresses;
    }

    /// <exception cref="ClusterException">InvalidArgument: says what is wrong with the text.</exception>
    public static Constraint Parse(string text) => TryParse(text, out Constraint? parsed, out string? error) ? parsed : throw ClusterException.Invalid(error);

    public static bool TryParse(string text, [NotNullWhen(true)] out Constraint? parsed, [NotNullWhen(false)] out string? error)
    {
        parsed = null;
        int at = text.IndexOf("==", StringComparison.Ordinal);
        bool wanted = at >= 0;
        at = wanted ? at : text.IndexOf("!=", StringComparison.Ordinal);
        if (at < 0)
        {
            error = "constraint expected one operator from ==, !=";
            return false;
        }

        string key = text[..at].Trim();
        string value = text[(at + 2)..].Trim();
        if (!KeyPattern().IsMatch(key))
        {
            error = $"key '{key}' is invalid";
            return false;
        }

        if (!ValuePattern().IsMatch(value))
        {
            error = $"value '{value}' is invalid";
            return false;
        }

        if (NodeTrait.Find(key) is not { } trait)
        {
            error = $"key '{key}' is invalid: expected node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch, node.labels.* or engine.labels.*";
            return false;
        }

        AddressRange? addresses = null;
        if (trait.IsAddress && !AddressRange.TryParse(value, out addresses))
        {
            error = $"value '{value}' is invalid: node.ip expects an address or a subnet";
            return false;
        }

        error = null;
        parsed = new Constraint(trait, wanted, trait.Normalized(value), addresses);
        return true;
    }

    public bool Matches(Node node)
    {
        string found = _trait.Of(node);
        bool equal = _addresses?.Contains(found) ?? string.Equals(_value, found, StringComparison.OrdinalIgnoreCase);
        return equal == _wanted;
    }

    /// <summary>Whether the node satisfies all constraints of a placement. One that cannot be read is never satisfied.</summary>
    public static bool AllMatch(ValueList<string> constraints, Node node)
    {
        foreach (string text in constraints)
        {
            if (!TryParse(text, out Constraint? constraint, out _) || !constraint.Matches(node))
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(@"^[a-z_][a-z0-9\-_.]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"^[a-z0-9:\-_\s\.\*\(\)\?\+\[\]\\\^\$\|\/]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ValuePattern();
}
