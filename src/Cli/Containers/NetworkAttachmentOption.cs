using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>A network of a container with what is wished for there: <c>app</c>, or <c>name=app,alias=db,ip=10.0.0.7</c>.</summary>
/// <remarks>Source: docker/cli:opts/network.go.</remarks>
internal sealed record NetworkAttachmentOption(string Name)
{
    public WireEndpointSettings Settings { get; init; } = new();

    /// <exception cref="FormatException">An unknown key, or no name.</exception>
    public static NetworkAttachmentOption Read(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            return new NetworkAttachmentOption(text);
        }

        string name = "";
        WireEndpointSettings settings = new();
        foreach (string field in GoValues.Csv(text))
        {
            (string key, string value) = GoValues.Pair(field);
            if (!field.Contains('=', StringComparison.Ordinal))
            {
                throw new FormatException($"invalid field {field}");
            }

            switch (key.Trim().ToLowerInvariant())
            {
                case "name":
                    name = value.Trim();
                    break;
                case "alias":
                    settings = settings with { Aliases = [.. settings.Aliases ?? [], value.Trim()] };
                    break;
                case "ip":
                    settings = settings with { IpamConfig = (settings.IpamConfig ?? new WireEndpointIpam()) with { IPv4Address = value.Trim() } };
                    break;
                case "ip6":
                    settings = settings with { IpamConfig = (settings.IpamConfig ?? new WireEndpointIpam()) with { IPv6Address = value.Trim() } };
                    break;
                case "mac-address":
                    settings = settings with { MacAddress = value.Trim() };
                    break;
                case "driver-opt":
                    (string option, string said) = GoValues.Pair(value);
                    settings = settings with { DriverOpts = new Dictionary<string, string>(settings.DriverOpts ?? [], StringComparer.Ordinal) { [option] = said } };
                    break;
                default:
                    throw new FormatException($"invalid field key {key}");
            }
        }

        return name.Length > 0 ? new NetworkAttachmentOption(name) { Settings = settings } : throw new FormatException("network name/id is not specified");
    }
}
