using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services.Values;

/// <summary>Reads <c>--mount type=volume,source=data,target=/data</c>.</summary>
/// <remarks>Source: docker/cli:opts/mount.go.</remarks>
internal static class MountValue
{
    public static WireMount Read(string text)
    {
        WireMount mount = new() { Type = "volume" };
        WireBindOptions bind = new();
        WireVolumeOptions volume = new();
        WireTmpfsOptions tmpfs = new();
        string? imageSubpath = null;
        Dictionary<string, string>? labels = null;
        Dictionary<string, string>? options = null;
        string? driver = null;
        foreach (string field in GoValues.Csv(text))
        {
            (string key, string value) = GoValues.Pair(field);
            key = key.Trim().ToLowerInvariant();
            bool alone = !field.Contains('=', StringComparison.Ordinal);
            if (alone && key is not ("readonly" or "ro" or "volume-nocopy" or "bind-nonrecursive" or "bind-create-src"))
            {
                throw new FormatException($"invalid field '{field}' must be a key=value pair");
            }

            bool flag() => alone || GoValues.Bool(value);
            switch (key)
            {
                case "type":
                    mount = mount with { Type = value.ToLowerInvariant() };
                    break;
                case "source" or "src":
                    mount = mount with { Source = value };
                    break;
                case "target" or "dst" or "destination":
                    mount = mount with { Target = value };
                    break;
                case "readonly" or "ro":
                    mount = mount with { ReadOnly = flag() };
                    break;
                case "consistency":
                    mount = mount with { Consistency = value.ToLowerInvariant() };
                    break;
                case "bind-propagation":
                    bind = bind with { Propagation = value.ToLowerInvariant() };
                    break;
                case "bind-nonrecursive":
                    bind = bind with { NonRecursive = flag() };
                    break;
                case "bind-create-src":
                    bind = bind with { CreateMountpoint = flag() };
                    break;
                case "bind-recursive":
                    bind = value switch
                    {
                        "enabled" => bind,
                        "disabled" => bind with { NonRecursive = true },
                        "writable" => bind with { ReadOnlyNonRecursive = true },
                        "readonly" => bind with { ReadOnlyForceRecursive = true },
                        _ => throw new FormatException($"invalid value for {key}: {value} (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")"),
                    };
                    break;
                case "volume-nocopy":
                    volume = volume with { NoCopy = flag() };
                    break;
                case "volume-subpath":
                    volume = volume with { Subpath = value };
                    break;
                case "volume-label":
                    (labels ??= new(StringComparer.Ordinal))[GoValues.Pair(value).Key] = GoValues.Pair(value).Value;
                    break;
                case "volume-driver":
                    driver = value;
                    break;
                case "volume-opt":
                    (options ??= new(StringComparer.Ordinal))[GoValues.Pair(value).Key] = GoValues.Pair(value).Value;
                    break;
                case "image-subpath":
                    imageSubpath = value;
                    break;
                case "tmpfs-size":
                    tmpfs = tmpfs with { SizeBytes = GoValues.Bytes(value) };
                    break;
                case "tmpfs-mode":
                    tmpfs = tmpfs with { Mode = FileMode(value, "tmpfs-mode") };
                    break;
                default:
                    throw new FormatException($"unexpected key '{key}' in '{field}'");
            }
        }

        volume = volume with { Labels = labels, DriverConfig = driver is null && options is null ? null : new WireDriver { Name = driver, Options = options } };
        if (string.IsNullOrEmpty(mount.Target))
        {
            throw new FormatException("target is required");
        }

        Refuse(volume != new WireVolumeOptions() && mount.Type != "volume", "volume", mount.Type);
        Refuse(bind != new WireBindOptions() && mount.Type != "bind", "bind", mount.Type);
        Refuse(tmpfs != new WireTmpfsOptions() && mount.Type != "tmpfs", "tmpfs", mount.Type);
        return mount with
        {
            BindOptions = bind == new WireBindOptions() ? null : bind,
            VolumeOptions = volume == new WireVolumeOptions() ? null : volume,
            TmpfsOptions = tmpfs == new WireTmpfsOptions() ? null : tmpfs,
            ImageOptions = imageSubpath is null ? null : new WireImageOptions { Subpath = imageSubpath },
        };
    }

    public static uint FileMode(string text, string what)
    {
        try
        {
            return Convert.ToUInt32(text, 8);
        }
        catch (Exception failure) when (failure is FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException($"invalid value for {what}: {text}", failure);
        }
    }

    private static void Refuse(bool mixed, string options, string? type)
    {
        if (mixed)
        {
            throw new FormatException($"cannot mix '{options}-*' options with mount type '{type}'");
        }
    }
}
