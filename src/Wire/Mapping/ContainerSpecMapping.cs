using System.Text;
using Skep.Model;

namespace Skep.Wire.Mapping;

/// <summary>ContainerSpec both ways. Registry credentials have no place in it: they travel in a header.</summary>
public static class ContainerSpecMapping
{
    public static WireContainerSpec ToWire(this ContainerSpec spec) => new()
    {
        Image = spec.Image,
        Labels = spec.Labels.OrAbsent(),
        Command = spec.Command.OrAbsent(),
        Args = spec.Args.OrAbsent(),
        Hostname = spec.Hostname.OrAbsent(),
        Env = spec.Env.OrAbsent(),
        Dir = spec.Directory.OrAbsent(),
        User = spec.User.OrAbsent(),
        Groups = spec.Groups.OrAbsent(),
        Privileges = spec.Privileges?.ToWire(),
        Init = spec.Init,
        StopSignal = spec.StopSignal.OrAbsent(),
        Tty = spec.Tty,
        OpenStdin = spec.OpenStdin,
        ReadOnly = spec.ReadOnly,
        Mounts = spec.Mounts.OrAbsent(MountMapping.ToWire),
        StopGracePeriod = spec.StopGracePeriod?.Nanoseconds,
        Healthcheck = spec.HealthCheck?.ToWire(),
        Hosts = spec.Hosts.OrAbsent(),
        DnsConfig = spec.Dns?.ToWire(),
        Secrets = spec.Secrets.OrAbsent(s => new WireSecretReference { SecretId = s.Id.Value, SecretName = s.Name, File = s.File?.ToWire() }),
        Configs = spec.Configs.OrAbsent(c => new WireConfigReference
        {
            ConfigId = c.Id.Value,
            ConfigName = c.Name,
            File = c.File?.ToWire(),
            Runtime = c.IsRuntime ? new WireEmpty() : null,
        }),
        Isolation = spec.Isolation.OrAbsent(),
        Sysctls = spec.Sysctls.OrAbsent(),
        CapabilityAdd = spec.CapabilityAdd.OrAbsent(),
        CapabilityDrop = spec.CapabilityDrop.OrAbsent(),
        Ulimits = spec.Ulimits.OrAbsent(u => new WireUlimit { Name = u.Name, Soft = u.Soft, Hard = u.Hard }),
        OomScoreAdj = spec.OomScoreAdj,
    };

    /// <exception cref="ClusterException">A word or an option that is not known or not supported.</exception>
    public static ContainerSpec ToModel(this WireContainerSpec spec) => new(spec.Image ?? "")
    {
        Labels = spec.Labels.ToModel(),
        Command = spec.Command.ToModel(),
        Args = spec.Args.ToModel(),
        Hostname = spec.Hostname ?? "",
        Env = spec.Env.ToModel(),
        Directory = spec.Dir ?? "",
        User = spec.User ?? "",
        Groups = spec.Groups.ToModel(),
        // An object that says nothing equals its absence, so that it never makes two specs differ.
        Privileges = spec.Privileges?.ToModel() is { } privileges && privileges != new Privileges() ? privileges : null,
        Init = spec.Init,
        StopSignal = spec.StopSignal ?? "",
        Tty = spec.Tty,
        OpenStdin = spec.OpenStdin,
        ReadOnly = spec.ReadOnly,
        Mounts = spec.Mounts.ToModel(MountMapping.ToModel),
        StopGracePeriod = spec.StopGracePeriod.ToDuration(),
        HealthCheck = spec.Healthcheck?.ToModel(),
        Hosts = spec.Hosts.ToModel(),
        Dns = spec.DnsConfig?.ToModel() is { } dns && dns != new DnsConfig() ? dns : null,
        Secrets = spec.Secrets.ToModel(s => new SecretReference(new SecretId(s.SecretId ?? ""), s.SecretName ?? "", s.File?.ToModel())),
        Configs = spec.Configs.ToModel(c => new ConfigReference(new ConfigId(c.ConfigId ?? ""), c.ConfigName ?? "", c.File?.ToModel(), c.Runtime is not null)),
        Isolation = spec.Isolation ?? "",
        Sysctls = spec.Sysctls.ToModel(),
        CapabilityAdd = spec.CapabilityAdd.ToModel(),
        CapabilityDrop = spec.CapabilityDrop.ToModel(),
        Ulimits = spec.Ulimits.ToModel(u => new Ulimit(u.Name ?? "", u.Soft, u.Hard)),
        OomScoreAdj = spec.OomScoreAdj,
    };

    public static WireHealthcheck ToWire(this HealthCheck check) => new()
    {
        Test = check.Test.OrAbsent(),
        Interval = check.Interval.Nanoseconds,
        Timeout = check.Timeout.Nanoseconds,
        StartPeriod = check.StartPeriod.Nanoseconds,
        StartInterval = check.StartInterval.Nanoseconds,
        Retries = check.Retries,
    };

    public static HealthCheck ToModel(this WireHealthcheck check) => new()
    {
        Test = check.Test.ToModel(),
        Interval = new Duration(check.Interval),
        Timeout = new Duration(check.Timeout),
        StartPeriod = new Duration(check.StartPeriod),
        StartInterval = new Duration(check.StartInterval),
        Retries = check.Retries,
    };

    private static WireDnsConfig ToWire(this DnsConfig dns) => new()
    {
        Nameservers = dns.Nameservers.OrAbsent(),
        Search = dns.Search.OrAbsent(),
        Options = dns.Options.OrAbsent(),
    };

    private static DnsConfig ToModel(this WireDnsConfig dns) => new()
    {
        Nameservers = dns.Nameservers.ToModel(),
        Search = dns.Search.ToModel(),
        Options = dns.Options.ToModel(),
    };

    private static WireFileTarget ToWire(this FileTarget file) => new() { Name = file.Name, Uid = file.Uid, Gid = file.Gid, Mode = file.Mode };

    private static FileTarget ToModel(this WireFileTarget file) => new(file.Name ?? "", file.Uid ?? "", file.Gid ?? "", file.Mode);

    private static WirePrivileges ToWire(this Privileges privileges) => new()
    {
        CredentialSpec = privileges.CredentialSpec is { } spec
            ? new WireCredentialSpec { Config = spec.Config.OrAbsent(), File = spec.File.OrAbsent(), Registry = spec.Registry.OrAbsent() }
            : null,
        SelinuxContext = privileges.Selinux is { } context
            ? new WireSelinuxContext { Disable = context.Disable, User = context.User, Role = context.Role, Type = context.Type, Level = context.Level }
            : null,
        Seccomp = privileges.SeccompMode.Length + privileges.SeccompProfile.Length == 0
            ? null
            : new WireSeccomp
            {
                Mode = privileges.SeccompMode.OrAbsent(),
                Profile = privileges.SeccompProfile.Length == 0 ? null : Encoding.UTF8.GetBytes(privileges.SeccompProfile),
            },
        AppArmor = privileges.AppArmorMode.Length == 0 ? null : new WireAppArmor { Mode = privileges.AppArmorMode },
        NoNewPrivileges = privileges.NoNewPrivileges,
    };

    private static Privileges ToModel(this WirePrivileges privileges) => new()
    {
        CredentialSpec = privileges.CredentialSpec is { } spec ? new CredentialSpec(spec.Config ?? "", spec.File ?? "", spec.Registry ?? "") : null,
        Selinux = privileges.SelinuxContext is { } context
            ? new SelinuxContext(context.Disable, context.User ?? "", context.Role ?? "", context.Type ?? "", context.Level ?? "")
            : null,
        SeccompMode = privileges.Seccomp?.Mode ?? "",
        SeccompProfile = privileges.Seccomp?.Profile is { } profile ? Encoding.UTF8.GetString(profile) : "",
        AppArmorMode = privileges.AppArmor?.Mode ?? "",
        NoNewPrivileges = privileges.NoNewPrivileges,
    };
}
