using Skep.Engine.Images;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    /// <summary>Newest first.</summary>
    public async Task<ValueList<LocalImage>> ListImagesAsync(CancellationToken ct)
    {
        var images = new List<LocalImage>();
        foreach (IGrouping<string, StoredImage> names in (await _shop.Images.ListAsync(ct)).GroupBy(i => i.Contents.Config.Digest, StringComparer.Ordinal))
        {
            images.Add(await DescribeAsync([.. names], ct));
        }

        return images.OrderByDescending(i => i.CreatedAt).ThenBy(i => i.Id, StringComparer.Ordinal).ToValueList();
    }

    /// <param name="name">Reference, digest, or (a prefix of) the id.</param>
    public async Task<LocalImage> InspectImageAsync(string name, CancellationToken ct)
    {
        StoredImage image = await FindImageAsync(name, ct);
        return await DescribeAsync(await NamesOfAsync(image, ct), ct);
    }

    public async Task TagImageAsync(string name, string newReference, CancellationToken ct)
    {
        ImageReference target = ImageReference.Parse(newReference);
        if (target.Digest is not null)
        {
            throw ClusterException.Invalid("refusing to create a tag with a digest reference");
        }

        StoredImage image = await FindImageAsync(name, ct);
        await _shop.Images.TagAsync(image, target, ct);
        await _shop.Images.RemoveNameAsync(ImageStore.NamelessOf(image.Target.Digest), ct);
        PublishImage("tag", image, image.Contents.Config.Digest, target.FamiliarName);
    }

    private async Task<StoredImage> FindImageAsync(string name, CancellationToken ct)
        => await _shop.Images.FindAsync(name, ct)
            ?? throw new ClusterException(ErrorKind.NotFound, $"No such image: {ImageReference.TryParse(name, out _)?.FamiliarName ?? name}");

    private async Task<IReadOnlyList<StoredImage>> NamesOfAsync(StoredImage image, CancellationToken ct)
    {
        StoredImage[] names = [.. (await _shop.Images.ListAsync(ct)).Where(i => i.Contents.Config.Digest == image.Contents.Config.Digest)];
        return names.Length == 0 ? [image] : names;
    }

    private async Task<LocalImage> DescribeAsync(IReadOnlyList<StoredImage> names, CancellationToken ct)
    {
        (ImageReference Reference, StoredImage Image)[] named = [.. names.Select(n => (ImageReference.Parse(n.Name), n)).Where(n => !n.Item1.IsNameless)];
        return names[0].Contents.ToLocal(
            named.Where(n => n.Reference.Digest is null).Select(n => n.Reference.FamiliarName).Order(StringComparer.Ordinal).ToValueList(),
            named.Select(n => $"{n.Reference.FamiliarRepository}@{n.Image.Target.Digest}").Distinct(StringComparer.Ordinal).ToValueList(),
            names[0].Target,
            await _shop.Images.Sizes.OfAsync(names[0].Contents, ct),
            named.Length == 0 ? null : named.Max(n => n.Image.UpdatedAt));
    }

    /// <param name="id">What the event is about: the image's id, or the name it was pulled or pushed by.</param>
    private void PublishImage(string action, StoredImage image, string id, string name)
        => _shop.Events.Publish("image", action, id, [.. image.Contents.Settings.Labels.Select(l => (l.Key, l.Value)), ("name", name)]);
}
