using System.Globalization;

namespace Skep.Engine.Oci;

/// <summary>Device files of the machine, with the numbers the kernel knows them by.</summary>
/// <remarks>Source: sysfs, /sys/dev/char and /sys/dev/block; DEVNAME in a device's uevent.</remarks>
internal static class HostDevices
{
    /// <summary>What a privileged container sees: every device file that is there, but terminals, which are each container's own.</summary>
    public static IEnumerable<OciDevice> All()
        => Read().Where(d => !d.Path.StartsWith("/dev/pts/", StringComparison.Ordinal) && d.Path is not ("/dev/console" or "/dev/tty") && File.Exists(d.Path));

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, in Docker's words.</exception>
    public static OciDevice Find(string path, string inContainer, string access)
    {
        if (access.Length == 0 || access.Any(c => c is not ('r' or 'w' or 'm')))
        {
            throw ClusterException.Invalid($"invalid device mode: {access}");
        }

        string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        OciDevice found = Read().FirstOrDefault(d => d.Path == real)
            ?? throw ClusterException.Invalid($"error gathering device information while adding custom device \"{path}\": {(Path.Exists(path) ? "not a device node" : "no such file or directory")}");
        return found with { Path = inContainer.Length > 0 ? inContainer : path, Access = access };
    }

    private static IEnumerable<OciDevice> Read()
    {
        foreach ((char type, string directory) in ((char, string)[])[('c', "/sys/dev/char"), ('b', "/sys/dev/block")])
        {
            foreach (string link in Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory) : [])
            {
                string[] numbers = Path.GetFileName(link).Split(':');
                string uevent = Path.Combine(link, "uevent");
                string? name = File.Exists(uevent) ? File.ReadLines(uevent).FirstOrDefault(l => l.StartsWith("DEVNAME=", StringComparison.Ordinal))?["DEVNAME=".Length..] : null;
                if (name is not null && numbers.Length == 2)
                {
                    yield return new OciDevice("/dev/" + name, type, int.Parse(numbers[0], CultureInfo.InvariantCulture), int.Parse(numbers[1], CultureInfo.InvariantCulture), "rwm");
                }
            }
        }
    }
}
