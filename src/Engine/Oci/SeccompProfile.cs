using System.Text.Json;

namespace Skep.Engine.Oci;

/// <summary>What system calls a container may make: Docker's default list, or a profile of the user's in Docker's or OCI's form.</summary>
/// <remarks>Source of the facts: moby/profiles:seccomp/default_linux.go. Entries that depend on a capability are kept only if the container has it.</remarks>
internal static class SeccompProfile
{
    private const int NoSuchCall = 38;

    private const string Always = """
        accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
        clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
        epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
        fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64
        fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64
        getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid
        getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid getuid32 getxattr
        inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup
        io_submit ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr llistxattr _llseek
        lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
        mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap msgctl msgget msgrcv msgsnd msync
        munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
        pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink
        readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
        rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr
        sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
        sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid
        setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32
        setreuid setreuid32 setrlimit set_robust_list setsid setsockopt set_thread_area set_tid_address setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaltstack
        signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill
        time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
        timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork vmsplice wait4
        waitid waitpid write writev process_vm_readv process_vm_writev ptrace
        """;

    private static readonly (string Capability, string Calls)[] WithCapability =
    [
        ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
        ("CAP_SYS_ADMIN", "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare"),
        ("CAP_SYS_BOOT", "reboot"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "delete_module init_module finit_module"),
        ("CAP_SYS_PACCT", "acct"),
        ("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise"),
        ("CAP_SYS_RAWIO", "iopl ioperm"),
        ("CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
        ("CAP_SYS_TTY_CONFIG", "vhangup"),
        ("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
        ("CAP_SYSLOG", "syslog"),
        ("CAP_BPF", "bpf"),
        ("CAP_PERFMON", "perf_event_open"),
    ];

    private static readonly (string Machine, string[] Architectures, string Calls)[] Machines =
    [
        ("amd64", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "arch_prctl modify_ldt"),
        ("arm64", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"),
        ("arm", ["SCMP_ARCH_ARM"], "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"),
        ("riscv64", ["SCMP_ARCH_RISCV64"], "riscv_flush_icache"),
        ("s390x", ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"], "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"),
        ("ppc64le", ["SCMP_ARCH_PPC64LE"], "sync_file_range2 swapcontext"),
    ];

    /// <summary>Writes Docker's default as the value of <c>linux.seccomp</c>.</summary>
    /// <param name="runsX32">False leaves out an architecture whose calls the kernel refuses anyway: each one costs libseccomp 4 ms in every container.</param>
    public static void WriteDefault(Utf8JsonWriter json, ValueList<string> capabilities, string machine, bool runsX32)
    {
        (string _, string[] architectures, string own) = Machines.FirstOrDefault(m => m.Machine == machine, ("", [], ""));
        json.WriteStartObject();
        json.WriteString("defaultAction", "SCMP_ACT_ERRNO");
        json.WriteNumber("defaultErrnoRet", 1);
        WriteList(json, "architectures", architectures.Where(a => runsX32 || a != "SCMP_ARCH_X32"));
        json.WriteStartArray("syscalls");
        WriteAllow(json, Words(Always).Concat(Words(own)));
        foreach ((string capability, string calls) in WithCapability.Where(c => capabilities.Contains(c.Capability)))
        {
            WriteAllow(json, Words(calls));
        }

        foreach (ulong persona in new ulong[] { 0, 0x8, 0x20000, 0x20008, 0xffffffff })
        {
            WriteAllow(json, ["personality"], (0, persona, 0, "SCMP_CMP_EQ"));
        }
        // Sockets of hypervisors reach past the container.
        WriteAllow(json, ["socket"], (0, 40, 0, "SCMP_CMP_NE"));
        if (!capabilities.Contains("CAP_SYS_ADMIN"))
        {
            // No new namespaces; clone3 hides its flags from the filter, so it must seem absent.
            WriteAllow(json, ["clone"], (machine is "s390x" ? 1 : 0, 0x7e020000, 0, "SCMP_CMP_MASKED_EQ"));
            json.WriteStartObject();
            WriteList(json, "names", ["clone3"]);
            json.WriteString("action", "SCMP_ACT_ERRNO");
            json.WriteNumber("errnoRet", NoSuchCall);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes a user's profile, with what only Docker's form has resolved for this container.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not a profile.</exception>
    public static void WriteCustom(Utf8JsonWriter json, string profile, ValueList<string> capabilities, string machine)
    {
        using JsonDocument document = Parse(profile);
        JsonElement root = document.RootElement;
        json.WriteStartObject();
        foreach (JsonProperty member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "archMap":
                    string[] own = Machines.FirstOrDefault(m => m.Machine == machine, ("", [], "")).Architectures;
                    JsonElement found = member.Value.EnumerateArray().FirstOrDefault(a => own.Length > 0 && a.GetProperty("architecture").GetString() == own[0]);
                    if (found.ValueKind == JsonValueKind.Object)
                    {
                        WriteList(json, "architectures", [found.GetProperty("architecture").GetString()!, .. found.TryGetProperty("subArchitectures", out JsonElement sub) && sub.ValueKind == JsonValueKind.Array ? sub.EnumerateArray().Select(s => s.GetString()!) : []]);
                    }

                    break;
                case "syscalls":
                    json.WriteStartArray("syscalls");
                    foreach (JsonElement rule in member.Value.EnumerateArray().Where(r => Applies(r, capabilities, machine)))
                    {
                        WriteRule(json, rule);
                    }

                    json.WriteEndArray();
                    break;
                case "defaultAction" or "defaultErrnoRet" or "architectures" or "flags" or "listenerPath" or "listenerMetadata":
                    member.WriteTo(json);
                    break;
            }
        }

        json.WriteEndObject();
    }

    private static JsonDocument Parse(string profile)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(profile);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("defaultAction", out _))
            {
                return document;
            }

            document.Dispose();
            throw ClusterException.Invalid("seccomp profile has no defaultAction");
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"decoding seccomp profile failed: {e.Message}", e);
        }
    }

    private static bool Applies(JsonElement rule, ValueList<string> capabilities, string machine)
    {
        if (rule.TryGetProperty("includes", out JsonElement includes) && includes.ValueKind == JsonValueKind.Object)
        {
            if (Has(includes, "caps") is { } caps && !caps.All(c => capabilities.Contains(c)))
            {
                return false;
            }

            if (Has(includes, "arches") is { } arches && !arches.Contains(machine))
            {
                return false;
            }
        }

        if (rule.TryGetProperty("excludes", out JsonElement excludes) && excludes.ValueKind == JsonValueKind.Object)
        {
            if (Has(excludes, "caps") is { } caps && caps.Any(c => capabilities.Contains(c)))
            {
                return false;
            }

            if (Has(excludes, "arches") is { } arches && arches.Contains(machine))
            {
                return false;
            }
        }

        return true;

        static List<string>? Has(JsonElement filter, string name)
            => filter.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 ? [.. list.EnumerateArray().Select(e => e.GetString()!)] : null;
    }

    private static void WriteRule(Utf8JsonWriter json, JsonElement rule)
    {
        json.WriteStartObject();
        foreach (JsonProperty member in rule.EnumerateObject())
        {
            if (member.Name == "name")
            {
                WriteList(json, "names", [member.Value.GetString()!]);
            }
            else if (member.Name is "names" or "action" or "errnoRet" || (member.Name == "args" && member.Value.ValueKind == JsonValueKind.Array))
            {
                member.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteAllow(Utf8JsonWriter json, IEnumerable<string> names, (int Index, ulong Value, ulong ValueTwo, string Op)? argument = null)
    {
        json.WriteStartObject();
        WriteList(json, "names", names);
        json.WriteString("action", "SCMP_ACT_ALLOW");
        if (argument is { } a)
        {
            json.WriteStartArray("args");
            json.WriteStartObject();
            json.WriteNumber("index", a.Index);
            json.WriteNumber("value", a.Value);
            json.WriteNumber("valueTwo", a.ValueTwo);
            json.WriteString("op", a.Op);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
