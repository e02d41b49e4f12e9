using System.Text.RegularExpressions;

namespace Skep.Manager.Control;

/// <summary>What names may look like.</summary>
/// <remarks>Source: moby/swarmkit:manager/controlapi/common.go and secret.go.</remarks>
internal static partial class NameRules
{
    /// <summary>Services and networks: a DNS label that may hold underscores.</summary>
    public static void CheckDnsName(string name)
    {
        if (name.Length == 0)
        {
            throw ClusterException.Invalid("meta: name must be provided");
        }

        if (!DnsName().IsMatch(name))
        {
            throw ClusterException.Invalid($"name must be valid as a DNS name component: '{name}'");
        }

        if (name.Length > 63)
        {
            throw ClusterException.Invalid("name must be 63 characters or fewer");
        }
    }

    /// <summary>Secrets and configs.</summary>
    public static void CheckSecretName(string name)
    {
        if (name.Length == 0)
        {
            throw ClusterException.Invalid("name must be provided");
        }

        if (name.Length > 64 || !SecretName().IsMatch(name))
        {
            throw ClusterException.Invalid("invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]");
        }
    }

    public static void CheckTemplating(Driver? templating)
    {
        if (templating is { Name: not "golang" })
        {
            throw ClusterException.Invalid($"template driver '{templating.Name}' is not known: only golang is");
        }

        if (templating is { Options.Count: > 0 })
        {
            throw ClusterException.Invalid("the golang template driver has no options");
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex DnsName();

    [GeneratedRegex("^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();
}
