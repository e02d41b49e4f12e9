namespace Skep.Api.Local;

/// <summary>What Skep does not do for standalone containers: refused with the field's name, never stored and ignored.</summary>
internal static class UnsupportedFields
{
    public static void Check(WireContainerCreate body, WireContainerHostConfig host)
    {
        Refuse(body.NetworkDisabled == true, "NetworkDisabled", "use network mode none");
        Refuse(body.MacAddress is { Length: > 0 }, "MacAddress", "it follows from the container's address");
        Refuse(body.Shell is { Count: > 0 }, "Shell", "it is the image's");
        Refuse(host.VolumeDriver is not (null or "" or "local"), "HostConfig.VolumeDriver", "local is the only driver");
        Refuse(host.Links is { Count: > 0 }, "HostConfig.Links", "containers of one network know each other by name");
        Refuse(host.CgroupnsMode is not (null or "" or "private"), "HostConfig.CgroupnsMode", "every container has a cgroup namespace of its own");
        Refuse(host.Cgroup is { Length: > 0 }, "HostConfig.Cgroup", "");
        Refuse(host.IpcMode is not (null or "" or "private" or "host"), "HostConfig.IpcMode", "private and host are");
        Refuse(host.PidMode is not (null or "" or "host"), "HostConfig.PidMode", "host is");
        Refuse(host.UtsMode is not (null or "" or "host"), "HostConfig.UTSMode", "host is");
        Refuse(host.UsernsMode is not (null or "" or "host"), "HostConfig.UsernsMode", "user namespaces are not used");
        Refuse(host.StorageOpt is { Count: > 0 }, "HostConfig.StorageOpt", "");
        Refuse(host.Annotations is { Count: > 0 }, "HostConfig.Annotations", "use labels");
        Refuse(host.Runtime is not (null or "" or "runc" or "io.containerd.runc.v2"), "HostConfig.Runtime", "runc is");
        Refuse(host.Isolation is not (null or "" or "default"), "HostConfig.Isolation", "it is for Windows");
        Refuse(host.CgroupParent is { Length: > 0 }, "HostConfig.CgroupParent", "it is the daemon's to choose");
        Refuse(host.BlkioWeight != 0, "HostConfig.BlkioWeight", "");
        Refuse(host.BlkioWeightDevice is { Count: > 0 }, "HostConfig.BlkioWeightDevice", "");
        Refuse(host.BlkioDeviceReadBps is { Count: > 0 }, "HostConfig.BlkioDeviceReadBps", "");
        Refuse(host.BlkioDeviceWriteBps is { Count: > 0 }, "HostConfig.BlkioDeviceWriteBps", "");
        Refuse(host.BlkioDeviceReadIops is { Count: > 0 }, "HostConfig.BlkioDeviceReadIOps", "");
        Refuse(host.BlkioDeviceWriteIops is { Count: > 0 }, "HostConfig.BlkioDeviceWriteIOps", "");
        Refuse(host.CpuRealtimePeriod != 0, "HostConfig.CpuRealtimePeriod", "");
        Refuse(host.CpuRealtimeRuntime != 0, "HostConfig.CpuRealtimeRuntime", "");
        Refuse(host.DeviceCgroupRules is { Count: > 0 }, "HostConfig.DeviceCgroupRules", "name the devices");
        Refuse(host.DeviceRequests is { Count: > 0 }, "HostConfig.DeviceRequests", "name the devices");
        Refuse(host.KernelMemory != 0, "HostConfig.KernelMemory", "the kernel has dropped it");
        Refuse(host.MemorySwappiness is not (null or -1), "HostConfig.MemorySwappiness", "");
        Refuse(host.OomKillDisable == true, "HostConfig.OomKillDisable", "");
        // null: not asked for; what is asked for would have to be obeyed.
        Refuse(host.MaskedPaths is not null, "HostConfig.MaskedPaths", "every container masks the same paths, but privileged ones none");
        Refuse(host.ReadonlyPaths is not null, "HostConfig.ReadonlyPaths", "");
        if (host.NanoCpus > 0 && (host.CpuPeriod > 0 || host.CpuQuota > 0))
        {
            throw ClusterException.Invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
        }

        if (host.Memory is > 0 and < 6 * 1024 * 1024)
        {
            throw ClusterException.Invalid("Minimum memory limit allowed is 6MB");
        }

        if (host.MemorySwap > 0 && host.MemorySwap < host.Memory)
        {
            throw ClusterException.Invalid("Minimum memoryswap limit should be larger than memory limit, see usage");
        }
    }

    private static void Refuse(bool isAsked, string field, string instead)
    {
        if (isAsked)
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"{field} is not supported by Skep for standalone containers{(instead.Length > 0 ? ": " + instead : "")}");
        }
    }
}
