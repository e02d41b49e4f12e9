using System.Runtime.InteropServices;

namespace Skep.Engine.Images;

/// <summary>Which entry of an index this machine runs.</summary>
internal static class PlatformMatcher
{
    /// <summary>This machine in the words of images.</summary>
    public static Platform Machine { get; } = new(
        RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.Arm64 => "arm64",
            Architecture.Arm => "arm",
            Architecture.X86 => "386",
            Architecture.S390x => "s390x",
            Architecture.Ppc64le => "ppc64le",
            Architecture.RiscV64 => "riscv64",
            Architecture other => other.ToString().ToLowerInvariant(),
        },
        "linux");

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>, in Docker's words.</exception>
    public static Descriptor Choose(IReadOnlyList<Descriptor> entries, Platform machine)
    {
        Descriptor? found = entries.FirstOrDefault(e => e.Platform is { } p && p.Os == machine.Os && p.Architecture == machine.Architecture && p.Variant is null or "" or "v8" or "v7")
            ?? entries.FirstOrDefault(e => e.Platform is { } p && p.Os == machine.Os && p.Architecture == machine.Architecture)
            ?? (entries is [{ Platform: null }] ? entries[0] : null);
        return found ?? throw new ClusterException(ErrorKind.NotFound, $"no matching manifest for {machine.Os}/{machine.Architecture} in the manifest list entries");
    }
}
