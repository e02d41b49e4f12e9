using System.Text.Json;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>A container as containerd knows it.</summary>
/// <param name="Spec">What its spec tells; <see cref="SpecReader.Unreadable"/> when it was not made by an engine of ours.</param>
internal sealed record FoundContainer(string Id, string Image, ValueMap<string, string> Labels, DateTimeOffset CreatedAt, SpecReader Spec)
{
    public static FoundContainer From(Cd.ContainerRecord record)
        => new(record.Id, record.Image, record.Labels.ToValueMap(), record.CreatedAt?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch, Read(record));

    private static SpecReader Read(Cd.ContainerRecord record)
    {
        try
        {
            return record.Spec is { Value.IsEmpty: false } spec ? SpecReader.Read(spec.Value.Memory) : SpecReader.Unreadable;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Somebody else's (ctr): it must not hide the others.
            return SpecReader.Unreadable;
        }
    }
}
