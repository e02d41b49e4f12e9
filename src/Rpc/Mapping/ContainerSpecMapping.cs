using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

internal static class ContainerSpecMapping
{
    public static Proto.ContainerSpec ToProto(this ContainerSpec spec)
    {
        var proto = new Proto.ContainerSpec
        {
            Image = spec.Image,
            Labels = { spec.Labels.ToPairs() },
            Command = { spec.Command },
            Args = { spec.Args },
            Hostname = spec.Hostname,
            Env = { spec.Env },
            Directory = spec.Directory,
            User = spec.User,
            Groups = { spec.Groups },
            Privileges = spec.Privileges?.ToProto(),
            Tty = spec.Tty,
            OpenStdin = spec.OpenStdin,
            ReadOnly = spec.ReadOnly,
            Mounts = { spec.Mounts.Select(MountMapping.ToProto) },
            StopSignal = spec.StopSignal,
            HealthCheck = spec.HealthCheck?.ToProto(),
            Hosts = { spec.Hosts },
            Dns = spec.Dns is { } dns ? new Proto.DnsConfig { Nameservers = { dns.Nameservers }, Search = { dns.Search }, Options = { dns.Options } } : null,
            Secrets = { spec.Secrets.Select(s => new Proto.SecretReference { Id = s.Id.Value, Name = s.Name, File = s.File?.ToProto() }) },
            Configs =
            {
                spec.Configs.Select(c => new Proto.ConfigReference { Id = c.Id.Value, Name = c.Name, File = c.File?.ToProto(), IsRuntime = c.IsRuntime }),
            },
            Isolation = spec.Isolation,
            Sysctls = { spec.Sysctls.ToPairs() },
            CapabilityAdd = { spec.CapabilityAdd },
            CapabilityDrop = { spec.CapabilityDrop },
            Ulimits = { spec.Ulimits.Select(u => new Proto.Ulimit { Name = u.Name, Soft = u.Soft, Hard = u.Hard }) },
            OomScoreAdj = spec.OomScoreAdj,
            RegistryAuth = spec.RegistryAuth.ToProto(),
        };
        if (spec.StopGracePeriod is { } grace)
        {
            proto.StopGracePeriodNanos = grace.Nanoseconds;
        }

        if (spec.Init is { } init)
        {
            proto.Init = init;
        }

        return proto;
    }

    public static ContainerSpec ToModel(this Proto.ContainerSpec spec) => new(spec.Image)
    {
        Labels = spec.Labels.ToMap(),
        Command = spec.Command.ToList(),
        Args = spec.Args.ToList(),
        Hostname = spec.Hostname,
        Env = spec.Env.ToList(),
        Directory = spec.Directory,
        User = spec.User,
        Groups = spec.Groups.ToList(),
        Privileges = spec.Privileges?.ToModel(),
        Tty = spec.Tty,
        OpenStdin = spec.OpenStdin,
        ReadOnly = spec.ReadOnly,
        Mounts = spec.Mounts.ToList(MountMapping.ToModel),
        StopSignal = spec.StopSignal,
        StopGracePeriod = spec.HasStopGracePeriodNanos ? new Duration(spec.StopGracePeriodNanos) : null,
        HealthCheck = spec.HealthCheck?.ToModel(),
        Hosts = spec.Hosts.ToList(),
        Dns = spec.Dns is { } dns ? new DnsConfig { Nameservers = dns.Nameservers.ToList(), Search = dns.Search.ToList(), Options = dns.Options.ToList() } : null,
        Secrets = spec.Secrets.ToList(s => new SecretReference(new SecretId(s.Id), s.Name, s.File?.ToModel())),
        Configs = spec.Configs.ToList(c => new ConfigReference(new ConfigId(c.Id), c.Name, c.File?.ToModel(), c.IsRuntime)),
        Init = spec.HasInit ? spec.Init : null,
        Isolation = spec.Isolation,
        Sysctls = spec.Sysctls.ToMap(),
        CapabilityAdd = spec.CapabilityAdd.ToList(),
        CapabilityDrop = spec.CapabilityDrop.ToList(),
        Ulimits = spec.Ulimits.ToList(u => new Ulimit(u.Name, u.Soft, u.Hard)),
        OomScoreAdj = spec.OomScoreAdj,
        RegistryAuth = spec.RegistryAuth.ToSensitive(),
    };

    private static Proto.FileTarget ToProto(this FileTarget file) => new() { Name = file.Name, Uid = file.Uid, Gid = file.Gid, Mode = file.Mode };

    private static FileTarget ToModel(this Proto.FileTarget file) => new(file.Name, file.Uid, file.Gid, file.Mode);

    private static Proto.HealthCheck ToProto(this HealthCheck check) => new()
    {
        Test = { check.Test },
        IntervalNanos = check.Interval.Nanoseconds,
        TimeoutNanos = check.Timeout.Nanoseconds,
        Retries = check.Retries,
        StartPeriodNanos = check.StartPeriod.Nanoseconds,
        StartIntervalNanos = check.StartInterval.Nanoseconds,
    };

    private static HealthCheck ToModel(this Proto.HealthCheck check) => new()
    {
        Test = check.Test.ToList(),
        Interval = new Duration(check.IntervalNanos),
        Timeout = new Duration(check.TimeoutNanos),
        Retries = check.Retries,
        StartPeriod = new Duration(check.StartPeriodNanos),
        StartInterval = new Duration(check.StartIntervalNanos),
    };

    private static Proto.Privileges ToProto(this Privileges privileges) => new()
    {
        CredentialSpec = privileges.CredentialSpec is { } credential
            ? new Proto.CredentialSpec { Config = credential.Config, File = credential.File, Registry = credential.Registry }
            : null,
        Selinux = privileges.Selinux is { } selinux
            ? new Proto.SelinuxContext { Disable = selinux.Disable, User = selinux.User, Role = selinux.Role, Type = selinux.Type, Level = selinux.Level }
            : null,
        SeccompMode = privileges.SeccompMode,
        SeccompProfile = privileges.SeccompProfile,
        AppArmorMode = privileges.AppArmorMode,
        NoNewPrivileges = privileges.NoNewPrivileges,
    };

    private static Privileges ToModel(this Proto.Privileges privileges) => new()
    {
        CredentialSpec = privileges.CredentialSpec is { } credential ? new CredentialSpec(credential.Config, credential.File, credential.Registry) : null,
        Selinux = privileges.Selinux is { } selinux ? new SelinuxContext(selinux.Disable, selinux.User, selinux.Role, selinux.Type, selinux.Level) : null,
        SeccompMode = privileges.SeccompMode,
        SeccompProfile = privileges.SeccompProfile,
        AppArmorMode = privileges.AppArmorMode,
        NoNewPrivileges = privileges.NoNewPrivileges,
    };
}
