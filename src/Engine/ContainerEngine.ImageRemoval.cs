using Skep.Engine.Containerd;
using Skep.Engine.Images;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

/// <param name="Untagged">Short names.</param>
/// <param name="Deleted">Ids.</param>
public sealed record ImageRemoval(ValueList<string> Untagged, ValueList<string> Deleted)
{
    public long FreedBytes { get; init; }
}

public sealed partial class ContainerEngine
{
    /// <returns>What was untagged and deleted, as <c>docker rmi</c> prints it.</returns>
    /// <remarks>Source: moby/moby:daemon/images/image_delete.go. By name, force leaves an image in use nameless; by id, nothing removes the image of a running container.</remarks>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): a container uses it, or it has several tags and was named by id.</exception>
    public async Task<ImageRemoval> RemoveImageAsync(string name, bool force, CancellationToken ct)
    {
        StoredImage image = await FindImageAsync(name, ct);
        string id = image.Contents.Config.Digest;
        IReadOnlyList<StoredImage> all = await NamesOfAsync(image, ct);
        StoredImage[] named = [.. all.Where(n => !ImageReference.Parse(n.Name).IsNameless)];
        (string? user, bool runs) = await UserOfImageAsync(id, ct);
        StoredImage[] going;
        bool keepsImage = false;
        if (ImageReference.TryParse(name, out _)?.FullName == image.Name)
        {
            going = GoingWith(image, named);
            bool isLast = going.Length == named.Length;
            if (isLast && user is not null && !force)
            {
                throw Conflict($"unable to remove repository reference \"{name}\" (must force) - container {user[..12]} is using its referenced image {Digest.Short(id)}");
            }

            keepsImage = !isLast || user is not null;
            if (isLast && user is not null)
            {
                await _shop.Images.KeepNamelessAsync(image, ct);
            }
        }
        else
        {
            going = named;
            if (named.Select(n => ImageReference.Parse(n.Name)).Count(r => r.Digest is null) > 1 && !force)
            {
                throw Conflict($"unable to delete {Digest.Short(id)} (must be forced) - image is referenced in multiple repositories");
            }

            if (runs)
            {
                throw Conflict($"unable to delete {Digest.Short(id)} (cannot be forced) - image is being used by running container {user![..12]}");
            }

            if (user is not null && !force)
            {
                throw Conflict($"unable to delete {Digest.Short(id)} (must be forced) - image is being used by stopped container {user[..12]}");
            }
        }

        return await RemoveNamesAsync(image, keepsImage ? going : all, !keepsImage, ct);
    }

    /// <param name="all">Every image no container uses; otherwise nameless ones only.</param>
    /// <param name="wanted">Further condition.</param>
    public async Task<ImageRemoval> PruneImagesAsync(bool all, Func<LocalImage, bool> wanted, CancellationToken ct)
    {
        var untagged = new List<string>();
        var deleted = new List<string>();
        long freed = 0;
        foreach (LocalImage image in await ListImagesAsync(ct))
        {
            bool isNameless = image.Tags.IsEmpty && image.Digests.IsEmpty;
            if ((!all && !isNameless) || !wanted(image) || (await UserOfImageAsync(image.Id, ct)).Container is not null)
            {
                continue;
            }

            StoredImage stored = await FindImageAsync(image.Id, ct);
            ImageRemoval removal = await RemoveNamesAsync(stored, await NamesOfAsync(stored, ct), isDeleted: true, ct);
            untagged.AddRange(removal.Untagged);
            deleted.AddRange(removal.Deleted);
            freed += image.SizeBytes;
        }

        _shop.Events.Publish("image", "prune", "", ("reclaimed", freed.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return new ImageRemoval(untagged.ToValueList(), deleted.ToValueList()) { FreedBytes = freed };
    }

    /// <summary>With the last tag of a repository go the names by digest of the same repository: nobody gave those by hand.</summary>
    private static StoredImage[] GoingWith(StoredImage image, StoredImage[] named)
    {
        ImageReference reference = ImageReference.Parse(image.Name);
        bool hasFurtherTag = named.Any(n => n.Name != image.Name && ImageReference.Parse(n.Name) is { Digest: null } other && other.Repository == reference.Repository);
        return reference.Digest is not null || hasFurtherTag
            ? [image]
            : [image, .. named.Where(n => ImageReference.Parse(n.Name) is { Digest: not null } other && other.Repository == reference.Repository)];
    }

    private async Task<ImageRemoval> RemoveNamesAsync(StoredImage image, IReadOnlyList<StoredImage> going, bool isDeleted, CancellationToken ct)
    {
        string id = image.Contents.Config.Digest;
        var untagged = new List<string>();
        foreach (StoredImage one in going)
        {
            await _shop.Images.RemoveNameAsync(one.Name, ct);
            if (ImageReference.Parse(one.Name) is { IsNameless: false } reference)
            {
                untagged.Add(reference.FamiliarName);
                PublishImage("untag", image, id, id);
            }
        }

        if (isDeleted)
        {
            PublishImage("delete", image, id, id);
        }

        return new ImageRemoval(untagged.ToValueList(), isDeleted ? [id] : []);
    }

    /// <summary>A container made from the image, a running one first.</summary>
    private async Task<(string? Container, bool Runs)> UserOfImageAsync(string imageId, CancellationToken ct)
    {
        FoundContainer[] users = [.. _shop.Runtime.Containers.All.Where(c => c.Labels.TryGetValue("skep.image.id", out string? used) && used == imageId)];
        foreach (FoundContainer user in users)
        {
            if (await _shop.Runtime.StateAsync(user.Id, ct) is { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused })
            {
                return (user.Id, true);
            }
        }

        return (users.Length > 0 ? users[0].Id : null, false);
    }

    private static ClusterException Conflict(string message) => new(ErrorKind.AlreadyExists, $"conflict: {message}");
}
