using System.Globalization;

namespace Skep.Engine.Oci;

/// <summary>What a container's cgroup tells, in either version's files.</summary>
internal static class CgroupFiles
{
    /// <summary>Processes the kernel killed for lack of memory so far; 0 when unknown.</summary>
    public static long OutOfMemoryKills(string cgroupRoot, bool v2, string cgroupPath)
    {
        string file = v2 ? Path.Combine(cgroupRoot, cgroupPath.TrimStart('/'), "memory.events") : Path.Combine(cgroupRoot, "memory", cgroupPath.TrimStart('/'), "memory.oom_control");
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(9), CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            return 0;
        }

        return 0;
    }
}
