using Skep.Worker.Containerd;
using Skep.Worker.Images;

namespace Skep.Worker.Local;

public sealed partial class LocalNode
{
    public async Task<ValueList<LocalImage>> ListImagesAsync(CancellationToken ct)
    {
        IReadOnlyList<StoredImage> all = await _shop.Images.ListAsync(ct);
        return all.GroupBy(i => i.Contents.Config.Digest, StringComparer.Ordinal).Select(g => Describe([.. g])).OrderByDescending(i => i.CreatedAt).ToValueList();
    }

    /// <param name="name">Reference, digest, or (a prefix of) the id.</param>
    public async Task<LocalImage> InspectImageAsync(string name, CancellationToken ct)
    {
        StoredImage image = await FindImageAsync(name, ct);
        return Describe(await NamesOfAsync(image, ct));
    }

    /// <summary>Takes in the archive of <c>docker save</c> (either layout, gzip or not).</summary>
    /// <returns>Short names of what was loaded, or ids of images without a name.</returns>
    public Task<ValueList<string>> LoadImagesAsync(Stream archive, CancellationToken ct) => _shop.Images.LoadAsync(archive, ct);

    /// <summary>Fetches an image from a registry.</summary>
    /// <param name="progress">Called in order, not concurrently.</param>
    public async Task<LocalImage> PullImageAsync(string reference, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        StoredImage image = await _shop.Images.PullAsync(reference, credentials, progress, ct);
        return Describe(await NamesOfAsync(image, ct));
    }

    public async Task TagImageAsync(string name, string newReference, CancellationToken ct)
    {
        ImageReference target = ImageReference.Parse(newReference);
        if (target.Digest is not null)
            throw ClusterException.Invalid("refusing to create a tag with a digest reference");
        await _shop.Images.TagAsync(await FindImageAsync(name, ct), target, ct);
    }

    /// <returns>What was untagged and deleted, as <c>docker rmi</c> prints it.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): a container uses it, or it has several tags and was named by id.</exception>
    public async Task<ImageRemoval> RemoveImageAsync(string name, bool force, CancellationToken ct)
    {
        StoredImage image = await FindImageAsync(name, ct);
        IReadOnlyList<StoredImage> names = await NamesOfAsync(image, ct);
        bool byName = ImageReference.TryParse(name, out _)?.FullName == image.Name;
        IReadOnlyList<StoredImage> going = byName ? [image] : names;
        string id = image.Contents.Config.Digest;
        if (!byName && names.Count(n => !n.Name.Contains('@', StringComparison.Ordinal)) > 1 && !force)
            throw new ClusterException(ErrorKind.AlreadyExists, $"conflict: unable to delete {Digest.Short(id)} (must be forced) - image is referenced in multiple repositories");
        bool isLast = going.Count == names.Count;
        if (isLast)
        {
            FoundContainer? user = (await _shop.Runtime.ListAsync(ct)).FirstOrDefault(c => c.Labels.TryGetValue("skep.image.id", out string? used) && used == id);
            bool runs = user is not null && await _shop.Runtime.StateAsync(user.Id, ct) is not null;
            if (runs || (user is not null && !force))
            {
                throw new ClusterException(
                    ErrorKind.AlreadyExists,
                    $"conflict: unable to remove repository reference \"{name}\" ({(runs ? "cannot be forced" : "must force")}) - container {user!.Id[..12]} is using its referenced image {Digest.Short(id)}");
            }
        }

        foreach (StoredImage one in going)
            await _shop.Images.RemoveNameAsync(one.Name, ct);
        return new ImageRemoval(going.Select(g => ImageReference.Parse(g.Name).FamiliarName).ToValueList(), isLast ? [id] : []);
    }

    private async Task<StoredImage> FindImageAsync(string name, CancellationToken ct)
        => await _shop.Images.FindAsync(name, ct)
            ?? throw new ClusterException(ErrorKind.NotFound, $"No such image: {ImageReference.TryParse(name, out _)?.FamiliarName ?? name}");

    private async Task<IReadOnlyList<StoredImage>> NamesOfAsync(StoredImage image, CancellationToken ct)
    {
        StoredImage[] names = [.. (await _shop.Images.ListAsync(ct)).Where(i => i.Contents.Config.Digest == image.Contents.Config.Digest)];
        return names.Length == 0 ? [image] : names;
    }

    private static LocalImage Describe(IReadOnlyList<StoredImage> names)
    {
        ImageReference[] references = [.. names.Select(n => ImageReference.Parse(n.Name)).Where(r => r.Path != "library/unnamed")];
        return names[0].Contents.ToLocal(
            references.Where(r => r.Digest is null).Select(r => r.FamiliarName).Order(StringComparer.Ordinal).ToValueList(),
            names.Select(n => (Reference: ImageReference.Parse(n.Name), n.Target.Digest)).Where(n => n.Reference.Path != "library/unnamed")
                .Select(n => $"{n.Reference.FamiliarRepository}@{n.Digest}").Distinct(StringComparer.Ordinal).ToValueList(),
            names[0].Target);
    }
}

/// <param name="Untagged">Short names.</param>
/// <param name="Deleted">Ids.</param>
public sealed record ImageRemoval(ValueList<string> Untagged, ValueList<string> Deleted);
