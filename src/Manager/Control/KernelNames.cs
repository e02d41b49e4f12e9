using System.Collections.Frozen;

namespace Skep.Manager.Control;

/// <summary>Names that Linux knows.</summary>
/// <remarks>Sources: include/uapi/linux/capability.h; getrlimit(2); sysctls per namespace from namespaces(7), ipc_namespaces(7), network_namespaces(7).</remarks>
internal static class KernelNames
{
    private static readonly FrozenSet<string> Capabilities = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID",
        "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",
        "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE",
        "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM", "ALL");

    public static FrozenSet<string> Ulimits { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack");

    private static readonly FrozenSet<string> IpcSysctls = FrozenSet.Create(
        StringComparer.Ordinal,
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.domainname");

    public static bool IsCapability(string name) => Capabilities.Contains(name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? name[4..] : name);

    public static bool IsNamespacedSysctl(string name)
        => name.StartsWith("net.", StringComparison.Ordinal) || name.StartsWith("fs.mqueue.", StringComparison.Ordinal) || IpcSysctls.Contains(name);
}
