using System.Globalization;
using System.Text;
using Skep.Cli.Objects;
using Skep.Cli.Output;
using Skep.Wire;

namespace Skep.Cli.Nodes;

/// <summary>What <c>node inspect --pretty</c> prints.</summary>
internal static class NodePretty
{
    public static string Describe(WireNode node)
    {
        StringBuilder text = new();
        void Line(string label, object? value)
        {
            if (value is not null and not "")
            {
                text.Append(CultureInfo.InvariantCulture, $"{label}{value}\n");
            }
        }

        Line("ID:\t\t\t", node.Id);
        Line("Name:\t\t\t", node.Spec?.Name);
        text.Append(LabelFormat.Pretty(node.Spec?.Labels));
        Line("Hostname:              \t", node.Description?.Hostname);
        Line("Joined at:             \t", LabelFormat.PrettyTime(node.CreatedAt));
        text.Append("Status:\n");
        Line(" State:\t\t\t", HumanFormat.Capital(node.Status?.State));
        Line(" Message:\t\t", HumanFormat.Capital(node.Status?.Message));
        Line(" Availability:         \t", HumanFormat.Capital(node.Spec?.Availability));
        Line(" Address:\t\t", node.Status?.Addr);
        if (node.ManagerStatus is { } manager)
        {
            text.Append("Manager Status:\n");
            Line(" Address:\t\t", manager.Addr);
            Line(" Raft Status:\t\t", HumanFormat.Capital(manager.Reachability));
            Line(" Leader:\t\t", manager.Leader ? "Yes" : "No");
        }

        text.Append("Platform:\n");
        Line(" Operating System:\t", node.Description?.Platform?.Os);
        Line(" Architecture:\t\t", node.Description?.Platform?.Architecture);
        text.Append("Resources:\n");
        Line(" CPUs:\t\t\t", (node.Description?.Resources?.NanoCpus ?? 0) / 1_000_000_000);
        Line(" Memory:\t\t", HumanFormat.BinarySize(node.Description?.Resources?.MemoryBytes ?? 0));
        Line("Engine Version:\t\t", node.Description?.Engine?.EngineVersion);
        text.Append(LabelFormat.Pretty(node.Description?.Engine?.Labels, "Engine Labels:"));
        if (node.Description?.TlsInfo is { TrustRoot.Length: > 0 } tls)
        {
            text.Append(CultureInfo.InvariantCulture, $"TLS Info:\n TrustRoot:\n{tls.TrustRoot.TrimEnd()}\n");
            text.Append(CultureInfo.InvariantCulture, $" Issuer Subject:\t{Convert.ToBase64String(tls.CertIssuerSubject ?? [])}\n Issuer Public Key:\t{Convert.ToBase64String(tls.CertIssuerPublicKey ?? [])}\n");
        }

        return text.ToString();
    }
}
