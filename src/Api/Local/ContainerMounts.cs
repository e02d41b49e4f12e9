using System.Globalization;

namespace Skep.Api.Local;

/// <summary>Binds, mounts, tmpfs and anonymous volumes of a request, as the mounts of a spec. Pure.</summary>
/// <param name="Tmpfs">With mount options of the user's.</param>
internal sealed record ContainerMounts(ValueList<Mount> Mounts, ValueMap<string, string> Tmpfs)
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    public static ContainerMounts Of(WireContainerCreate body, WireContainerHostConfig host)
    {
        var mounts = new List<Mount>();
        mounts.AddRange((host.Binds ?? []).Select(Bind));
        mounts.AddRange((host.Mounts ?? []).Select(m => m.ToModel()));
        foreach (string path in (body.Volumes ?? []).Keys)
        {
            if (mounts.All(m => m.Target != path))
            {
                mounts.Add(new Mount(MountKind.Volume, "", path));
            }
        }

        return new ContainerMounts(mounts.ToValueList(), (host.Tmpfs ?? []).ToValueMap(t => t.Key, t => Options(t.Value ?? "")));
    }

    /// <summary>Docker's short form: <c>source:target[:options]</c>.</summary>
    private static Mount Bind(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0 || parts[1].Length == 0)
        {
            throw ClusterException.Invalid($"invalid volume specification: '{text}'");
        }

        bool readOnly = false;
        bool noCopy = false;
        string propagation = "";
        foreach (string option in parts.Length == 3 ? parts[2].Split(',') : [])
        {
            switch (option)
            {
                case "ro":
                    readOnly = true;
                    break;
                case "nocopy":
                    noCopy = true;
                    break;
                case "rw" or "" or "z" or "Z" or "cached" or "delegated" or "consistent":
                    // SELinux labels are not used here; the others say something on other systems only.
                    break;
                case var other when Propagations.Contains(other):
                    propagation = other;
                    break;
                default:
                    throw ClusterException.Invalid($"invalid mode: {option}");
            }
        }

        // Docker makes a missing source of the short form.
        return parts[0].StartsWith('/')
            ? new Mount(MountKind.Bind, parts[0], parts[1]) { ReadOnly = readOnly, Bind = new BindOptions(propagation) { CreateMountpoint = true } }
            : new Mount(MountKind.Volume, parts[0], parts[1]) { ReadOnly = readOnly, Volume = noCopy ? new VolumeOptions { NoCopy = true } : null };
    }

    /// <summary>Docker's defaults, and the user's over them.</summary>
    private static string Options(string asked)
    {
        List<string> options = ["nosuid", "nodev", "noexec", "rw"];
        foreach (string option in asked.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string opposite = option switch
            {
                "exec" => "noexec",
                "suid" => "nosuid",
                "dev" => "nodev",
                "ro" => "rw",
                "rw" => "ro",
                _ => "",
            };
            if (opposite.Length == 0 && option is not ("noexec" or "nosuid" or "nodev") && !option.Split('=')[0].ToLower(CultureInfo.InvariantCulture).StartsWithAny("size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"))
            {
                throw ClusterException.Invalid($"HostConfig.Tmpfs: invalid tmpfs option \"{option}\"");
            }

            options.Remove(opposite);
            options.Remove(option);
            options.Add(option);
        }

        return string.Join(',', options);
    }
}

file static class StringPrefixes
{
    public static bool StartsWithAny(this string text, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (text == word)
            {
                return true;
            }
        }

        return false;
    }
}
