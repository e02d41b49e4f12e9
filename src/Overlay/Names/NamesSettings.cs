namespace Skep.Overlay.Names;

/// <summary>The part of <see cref="OverlayOptions"/> that answering needs, as a message.</summary>
internal static class NamesSettings
{
    public static NamesMessage Write(OverlayOptions options) => NamesMessage.Of(NamesMessageKind.Settings, w =>
    {
        w.Write(options.ResolvConfPath);
        w.Write(options.DnsForwardTimeout.Ticks);
        w.Write(options.DnsForwardLimit);
        NamesDelta.WriteAddresses(w, options.Resolvers);
    });

    public static OverlayOptions Read(NamesMessage frame)
    {
        using BinaryReader reader = frame.Read();
        return new OverlayOptions
        {
            ResolvConfPath = reader.ReadString(),
            DnsForwardTimeout = new TimeSpan(reader.ReadInt64()),
            DnsForwardLimit = reader.ReadInt32(),
            Resolvers = NamesDelta.ReadAddresses(reader, reader.ReadInt32()),
        };
    }
}
