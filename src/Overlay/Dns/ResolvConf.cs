namespace Skep.Overlay.Dns;

/// <summary>The host's resolvers.</summary>
internal static class ResolvConf
{
    /// <summary>IPv4 nameservers of a resolv.conf(5); none if it cannot be read.</summary>
    public static ValueList<Ipv4Address> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        return File.ReadLines(path)
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..])
            .Select(words => Ipv4Address.TryParse(words[1], out Ipv4Address address) ? address : default)
            .Where(address => address != default).ToValueList();
    }
}
