namespace Skep.Compose;

/// <summary>Reads the checked <c>networks</c>, <c>volumes</c>, <c>secrets</c> and <c>configs</c> of one file.</summary>
internal sealed class ResourceReader(LoadContext context)
{
    public IReadOnlyDictionary<string, ComposeNetwork> Networks(ComposeValue? section) => Each(section, (key, map, decode) =>
    {
        string path = $"[{key}]";
        var ipam = map?["ipam"] as ComposeValue.Mapping;
        ComposeNetwork network = new()
        {
            Name = decode.Text(map?["name"], $"{path}.Name"),
            Driver = decode.Text(map?["driver"], $"{path}.Driver"),
            DriverOpts = ValueDecoder.Map(map?["driver_opts"]),
            IpamDriver = decode.Text(ipam?["driver"], $"{path}.Ipam.Driver"),
            IpamSubnets = [.. ValueDecoder.Items(ipam?["config"]).Select(pool => decode.Text((pool as ComposeValue.Mapping)?["subnet"], $"{path}.Ipam.Config.Subnet"))],
            External = IsExternal(map),
            Internal = decode.Flag(map?["internal"], $"{path}.Internal"),
            Attachable = decode.Flag(map?["attachable"], $"{path}.Attachable"),
            Labels = ValueDecoder.Map(map?["labels"]),
        };
        return !network.External
            ? network
            : network with { Name = ExternalName("network", key, network.Name, map!, oldSince: 5), Extensions = ValueDecoder.Extensions(map) };
    });

    public IReadOnlyDictionary<string, ComposeVolume> Volumes(ComposeValue? section) => Each(section, (key, map, decode) =>
    {
        string path = $"[{key}]";
        ComposeVolume volume = new()
        {
            Name = decode.Text(map?["name"], $"{path}.Name"),
            Driver = decode.Text(map?["driver"], $"{path}.Driver"),
            DriverOpts = map?["driver_opts"] is ComposeValue.Mapping options ? ValueDecoder.Map(options) : null,
            External = IsExternal(map),
            Labels = ValueDecoder.Map(map?["labels"]),
            Cluster = map?["x-cluster-spec"] is ComposeValue.Mapping spec ? ClusterVolumeReader.Read(spec, $"{path}.x-cluster-spec", decode) : null,
        };
        if (!volume.External)
        {
            return volume;
        }

        string? conflict = volume.Driver.Length > 0 ? "driver"
            : volume.DriverOpts is { Count: > 0 } ? "driver_opts"
            : volume.Labels.Count > 0 ? "labels"
            : null;
        return conflict is not null
            ? throw new ComposeException($"conflicting parameters \"external\" and \"{conflict}\" specified for volume \"{key}\"", map![conflict]?.Where)
            : volume with { Name = ExternalName("volume", key, volume.Name, map!, oldSince: 4), Extensions = ValueDecoder.Extensions(map) };
    });

    /// <param name="kind"><c>secret</c> or <c>config</c>, for messages.</param>
    public IReadOnlyDictionary<string, ComposeFileObject> FileObjects(ComposeValue? section, string kind) => Each(section, (key, map, decode) =>
    {
        string path = $"[{key}]";
        ComposeFileObject file = new()
        {
            Name = decode.Text(map?["name"], $"{path}.Name"),
            File = decode.Text(map?["file"], $"{path}.File"),
            External = IsExternal(map),
            Labels = ValueDecoder.Map(map?["labels"]),
            Driver = decode.Text(map?["driver"], $"{path}.Driver"),
            DriverOpts = ValueDecoder.Map(map?["driver_opts"]),
            TemplateDriver = decode.Text(map?["template_driver"], $"{path}.template_driver"),
            Extensions = ValueDecoder.Extensions(map),
        };
        if (file.External)
        {
            return file with { Name = ExternalName(kind, key, file.Name, map!, oldSince: 5) };
        }

        if (file.Driver.Length == 0)
        {
            return file with { File = Files.Absolute(context.Folder, file.File) };
        }

        return file.File.Length == 0
            ? file
            : throw new ComposeException($"{kind} {key}: {kind}.driver and {kind}.file conflict; only use {kind}.driver", map!["file"]?.Where);
    });

    private static SortedDictionary<string, T> Each<T>(ComposeValue? section, Func<string, ComposeValue.Mapping?, ValueDecoder, T> read)
    {
        ValueDecoder decode = new();
        SortedDictionary<string, T> all = Maps.New<T>();
        foreach ((string key, ComposeValue value) in ValueDecoder.Entries(section))
        {
            all[key] = read(key, value as ComposeValue.Mapping, decode);
        }

        decode.Finish();
        return all;
    }

    private static bool IsExternal(ComposeValue.Mapping? map) => map?["external"] is ComposeValue.Mapping or ComposeValue.Bool { Value: true };

    /// <param name="oldSince">The version 3.x from which <c>external.name</c> is the old way.</param>
    private string ExternalName(string kind, string key, string name, ComposeValue.Mapping map, int oldSince)
    {
        string old = (map["external"] as ComposeValue.Mapping)?["name"] is ComposeValue.Text text ? text.Value : "";
        if (old.Length == 0)
        {
            return name.Length == 0 ? key : name;
        }

        if (name.Length > 0)
        {
            throw new ComposeException($"{kind} {key}: {kind}.external.name and {kind}.name conflict; only use {kind}.name", map["external"]?.Where);
        }

        if (int.Parse(context.Version.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture) >= oldSince)
        {
            context.Warnings.Add($"{kind} {key}: {kind}.external.name is deprecated in favor of {kind}.name");
        }

        return old;
    }
}
