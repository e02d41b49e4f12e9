using Skep.Cli.Engine;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Asks the registry for an image's digest, so that every node runs the same.</summary>
internal static class ImagePinning
{
    /// <summary>The spec with digest and platforms; unchanged, with a warning on standard error, where the registry does not tell.</summary>
    public static async Task<WireServiceSpec> PinAsync(Invocation call, WireServiceSpec spec, string? registryAuth, CancellationToken cancellation)
    {
        if (spec.TaskTemplate is not { ContainerSpec: { Image: { Length: > 0 } image } container } task || ImageReference.HasDigest(image))
        {
            return spec;
        }

        string tagged = ImageReference.WithTag(image);
        WireDistribution found;
        try
        {
            using EngineReply reply = await call.Engine.SendAsync("GET", $"/distribution/{tagged}/json", null, registryAuth, cancellation);
            found = System.Text.Json.JsonSerializer.Deserialize(await reply.ReadAsync(cancellation), WireJson.Default.WireDistribution) ?? new WireDistribution();
        }
        catch (EngineException)
        {
            call.Err.WriteLine($"""
                image {image} could not be accessed on a registry to record
                its digest. Each node will access {image} independently,
                possibly leading to different nodes running different
                versions of the image.

                """);
            return spec with { TaskTemplate = task with { ContainerSpec = container with { Image = tagged } } };
        }

        return spec with
        {
            TaskTemplate = task with
            {
                ContainerSpec = container with { Image = found.Descriptor?.Digest is { Length: > 0 } digest ? $"{tagged}@{digest}" : tagged },
                Placement = found.Platforms is not { Count: > 0 } platforms ? task.Placement : (task.Placement ?? new WirePlacement()) with
                {
                    Platforms = [.. platforms.Select(static platform => new WirePlatform { Architecture = platform.Architecture, Os = platform.Os })],
                },
            },
        };
    }
}
