using Skep.Engine.Images;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    /// <summary>A person waits for the answer, and there is a way without it.</summary>
    private static readonly TimeSpan RegistryAnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Takes in the archive of <c>docker save</c> (either layout, gzip or not).</summary>
    /// <returns>Short names of what was loaded, or ids of images without a name.</returns>
    public async Task<ValueList<string>> LoadImagesAsync(Stream archive, CancellationToken ct)
    {
        var loaded = new List<string>();
        foreach ((StoredImage image, IReadOnlyList<string> names) in await _shop.Images.LoadAsync(archive, ct))
        {
            string id = image.Contents.Config.Digest;
            PublishImage("load", image, id, id);
            loaded.AddRange(names.Count == 0 ? [id] : names);
        }

        return loaded.ToValueList();
    }

    /// <summary>Fetches an image from a registry.</summary>
    /// <param name="platform">os/architecture; empty: this machine's.</param>
    /// <param name="progress">Called in order, not concurrently.</param>
    public async Task<LocalImage> PullImageAsync(string reference, string platform, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        StoredImage image = await _shop.Images.PullAsync(reference, ReadPlatform(platform), credentials, progress, ct);
        ImageReference name = ImageReference.Parse(reference);
        PublishImage("pull", image, name.FamiliarName, name.FamiliarRepository);
        return await DescribeAsync(await NamesOfAsync(image, ct), ct);
    }

    /// <summary>What a name stands for now, so that all nodes can be told to run the same: asked of its registry, else what is here.</summary>
    /// <remarks>
    /// A short name (<c>app</c>, <c>nginx</c>) is as often an image that was loaded here as one of Docker's registry, which would take long to say that it does
    /// not know it, or knows another of that name: it is asked only for what came from there, and for what is not here.
    /// </remarks>
    /// <exception cref="ClusterException">Not here, and the registry does not tell; the message holds what it said.</exception>
    public async Task<ImageVersion> FindVersionAsync(string name, RegistryCredentials? credentials, CancellationToken ct)
    {
        ImageReference reference = ImageReference.Parse(name);
        StoredImage? here = await _shop.Images.FindAsync(name, ct);
        if (here is not null && reference.Domain == ImageReference.DockerHub && !await _shop.Images.IsFromRegistryAsync(here, reference, ct))
        {
            return here.Version;
        }

        using var late = new CancellationTokenSource(RegistryAnswersWithin, _shop.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            return await _shop.Images.ResolveAtRegistryAsync(reference, credentials, either.Token);
        }
        catch (ClusterException) when (here is not null)
        {
            return here.Version;
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            return here?.Version ?? throw new ClusterException(ErrorKind.Unavailable, $"registry {reference.Domain} did not answer within {RegistryAnswersWithin.TotalSeconds:0} s", e);
        }
    }

    /// <summary>Brings an image to the registry its name names.</summary>
    /// <param name="progress">Called in order, not concurrently.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>: not here, or the registry does not let us in.</exception>
    public async Task PushImageAsync(string reference, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        ImageReference name = ImageReference.Parse(reference);
        if (name.Digest is not null)
        {
            throw ClusterException.Invalid("cannot push a digest reference");
        }

        StoredImage image = await _shop.Images.FindAsync(reference, ct)
            ?? throw new ClusterException(ErrorKind.NotFound, $"An image does not exist locally with the tag: {name.FamiliarRepository}");
        progress(new ImageProgress("", $"The push refers to repository [{name.Repository}]"));
        try
        {
            RegistryClient registry = await _shop.Images.Registries.OpenAsync(name, credentials, RegistryScope.Push, ct);
            await new RegistryPush(registry, _shop.Images.Content, progress).RunAsync(image.Contents, ct);
        }
        catch (HttpRequestException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, RegistryClientFactory.Explain($"registry {name.Domain}", e), e);
        }

        PublishImage("push", image, name.FamiliarName, name.FamiliarRepository);
    }

    /// <summary>Names of every image of a repository, for pushing all its tags.</summary>
    public async Task<ValueList<string>> TagsOfAsync(string repository, CancellationToken ct)
    {
        string wanted = ImageReference.Parse(repository).Repository;
        return (await _shop.Images.ListAsync(ct)).Select(i => ImageReference.Parse(i.Name)).Where(r => r.Digest is null && r.Repository == wanted)
            .Select(r => r.FamiliarName).Order(StringComparer.Ordinal).ToValueList();
    }

    /// <summary>Finds images to save, before anything is written.</summary>
    /// <param name="names">References, or ids: then without a name in the archive.</param>
    /// <returns>Writes the archive, which Docker reads too, to a stream.</returns>
    public async Task<Func<Stream, CancellationToken, Task>> SaveImagesAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        var chosen = new List<(ImageContents Image, ImageReference? Name)>();
        foreach (string name in names)
        {
            StoredImage image = await FindImageAsync(name, ct);
            ImageReference? reference = ImageReference.TryParse(name, out _);
            chosen.Add((image.Contents, reference is { Digest: null } && reference.FullName == image.Name ? reference : null));
            PublishImage("save", image, image.Contents.Config.Digest, image.Contents.Config.Digest);
        }

        List<(ImageContents, IReadOnlyList<ImageReference>)> images =
            [.. chosen.GroupBy(c => c.Image.Manifest.Digest, StringComparer.Ordinal).Select(g => (g.First().Image, (IReadOnlyList<ImageReference>)[.. g.Select(c => c.Name).OfType<ImageReference>().Distinct()]))];
        var saver = new ImageSaver(_shop.Images.Content, _shop.Time.GetUtcNow());
        return (output, stop) => saver.WriteAsync(images, output, stop);
    }

    /// <summary>Makes an image of one layer from the archive of a file system.</summary>
    /// <param name="reference">Empty: without a name.</param>
    /// <param name="changes">Lines of a Dockerfile: CMD, ENV …</param>
    /// <returns>Its id.</returns>
    public async Task<string> ImportImageAsync(Stream archive, string reference, string message, IReadOnlyList<string> changes, CancellationToken ct)
    {
        ImageReference[] names = reference.Length == 0 ? [] : [ImageReference.Parse(reference)];
        ImageRunJson run = ImageChanges.Apply(new ImageRunJson(), changes);
        string path = _shop.Images.NewStagingPath();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            await using (FileStream file = File.Create(path))
            {
                await archive.CopyToAsync(file, ct);
            }

            StoredImage image = await _shop.Images.AddAsync(await BuiltImage.MakeAsync(path, run, message.Length > 0 ? message : "Imported from -", _shop.Time.GetUtcNow(), ct), names, ct);
            string id = image.Contents.Config.Digest;
            PublishImage("import", image, id, names.Length > 0 ? names[0].FamiliarName : id);
            return id;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Asks a registry whether it knows these credentials.</summary>
    /// <param name="server">Host of the registry; empty: Docker's.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unauthenticated"/>: it does not.</exception>
    public Task CheckLoginAsync(string server, RegistryCredentials? credentials, CancellationToken ct) => _shop.Images.Registries.CheckLoginAsync(server, credentials, ct);

    private static Platform? ReadPlatform(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        string[] parts = text.Split('/');
        if (parts.Length > 3 || parts.Any(p => p.Length == 0))
        {
            throw ClusterException.Invalid($"\"{text}\" is not a platform: os/architecture is needed");
        }

        string architecture = parts.Length == 1 ? parts[0] : parts[1];
        return new Platform(architecture switch { "x86_64" => "amd64", "aarch64" => "arm64", _ => architecture }, parts.Length == 1 ? "linux" : parts[0]);
    }
}
