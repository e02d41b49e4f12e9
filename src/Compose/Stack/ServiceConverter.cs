using Skep.Model;

namespace Skep.Compose;

/// <summary>One service of a file as the cluster's spec.</summary>
internal sealed class ServiceConverter
{
    private readonly ComposeService _service;
    private readonly StackScope _scope;

    private ServiceConverter(ComposeService service, StackScope scope)
    {
        _service = service;
        _scope = scope;
    }

    /// <exception cref="ComposeException">See <see cref="StackConverter.Convert"/>; the message names the service.</exception>
    public static StackService Convert(ComposeService service, StackScope scope)
    {
        try
        {
            return new ServiceConverter(service, scope).Run();
        }
        catch (StackException fault)
        {
            throw new ComposeException($"service {service.Name}: {fault.Message}", inner: fault);
        }
    }

    private StackService Run()
    {
        ValueList<SecretReference> secrets = FileReferences.Secrets(_service, _scope);
        ValueList<ConfigReference> configs = FileReferences.Configs(_service, _scope);
        ComposeDeploy deploy = _service.Deploy;
        ServiceSpec spec = new(new Annotations(_scope.Name(_service.Name, ""))
        {
            Labels = _scope.Labels(deploy.Labels).Set(StackLabels.Image, _service.Image),
        })
        {
            Mode = DeployConverter.Mode(deploy),
            Task = new TaskSpec
            {
                Container = Container(secrets, configs),
                Limits = deploy.Limits is { } limits
                    ? new Resources(DeployConverter.NanoCpus(limits.Cpus), limits.MemoryBytes) { Pids = limits.Pids }
                    : null,
                Reservations = deploy.Reservations is { } reservations ? DeployConverter.Reservations(reservations) : null,
                Restart = DeployConverter.Restart(_service.Restart, deploy.RestartPolicy),
                Placement = new Placement
                {
                    Constraints = deploy.Placement.Constraints.ToValueList(),
                    SpreadOver = deploy.Placement.Spread.ToValueList(),
                    MaxReplicasPerNode = deploy.Placement.MaxReplicasPerNode,
                },
                LogDriver = _service.Logging is { } logging ? new Driver(logging.Driver) { Options = logging.Options.ToValueMap() } : null,
                Networks = Networks(),
            },
            Update = DeployConverter.Update(deploy.UpdateConfig),
            Rollback = DeployConverter.Update(deploy.RollbackConfig),
            Endpoint = new EndpointSpec(DeployConverter.EndpointMode(deploy.EndpointMode)) { Ports = Ports() },
        };
        return new StackService(_service.Name, spec, DeployConverter.Written(deploy, SortedPorts()));
    }

    private ContainerSpec Container(ValueList<SecretReference> secrets, ValueList<ConfigReference> configs)
    {
        (ValueList<string> add, ValueList<string> drop) = Capabilities.Effective(_service.CapAdd, _service.CapDrop);
        return new ContainerSpec(ImageName.WithTag(_service.Image))
        {
            Command = _service.Entrypoint.ToValueList(),
            Args = _service.Command.ToValueList(),
            Hostname = _service.Hostname,
            Hosts = _service.ExtraHosts.Select(Host).ToValueList(),
            Dns = _service.Dns.Count + _service.DnsSearch.Count == 0
                ? null
                : new DnsConfig { Nameservers = _service.Dns.ToValueList(), Search = _service.DnsSearch.ToValueList() },
            HealthCheck = Healthcheck(_service.Healthcheck),
            Env = _service.Environment
                .Select(static entry => entry.Value is null ? entry.Key : $"{entry.Key}={entry.Value}")
                .Order(StringComparer.Ordinal)
                .ToValueList(),
            Labels = _scope.Labels(_service.Labels),
            Directory = _service.WorkingDir,
            User = _service.User,
            Mounts = _service.Volumes.Select(mount => MountConverter.Convert(mount, _scope)).ToValueList(),
            StopGracePeriod = _service.StopGracePeriod?.ToDuration(),
            StopSignal = _service.StopSignal,
            Tty = _service.Tty,
            OpenStdin = _service.StdinOpen,
            Secrets = secrets,
            Configs = configs,
            ReadOnly = _service.ReadOnly,
            Privileges = new Privileges { CredentialSpec = FileReferences.CredentialSpec(_service.CredentialSpec, _scope) },
            Isolation = _service.Isolation,
            Init = _service.Init,
            Sysctls = _service.Sysctls.ToValueMap(),
            CapabilityAdd = add,
            CapabilityDrop = drop,
            Ulimits = _service.Ulimits.Select(static entry => entry.Value.Single != 0
                ? new Ulimit(entry.Key, entry.Value.Single, entry.Value.Single)
                : new Ulimit(entry.Key, entry.Value.Soft, entry.Value.Hard)).ToValueList(),
        };
    }

    /// <summary><c>host:address</c> as <c>address host</c>.</summary>
    private static string Host(string host)
    {
        int split = host.IndexOf(':', StringComparison.Ordinal);
        return $"{host[(split + 1)..]} {host[..split]}";
    }

    private static HealthCheck? Healthcheck(ComposeHealthcheck? health)
    {
        if (health is null)
        {
            return null;
        }

        if (health.Disable)
        {
            return health.Test.Count == 0 ? new HealthCheck { Test = ["NONE"] } : throw new StackException("test and disable can't be set at the same time");
        }

        return new HealthCheck
        {
            Test = health.Test.ToValueList(),
            Timeout = health.Timeout?.ToDuration() ?? default,
            Interval = health.Interval?.ToDuration() ?? default,
            Retries = (int)Math.Min(health.Retries ?? 0, int.MaxValue),
            StartPeriod = health.StartPeriod?.ToDuration() ?? default,
            StartInterval = health.StartInterval?.ToDuration() ?? default,
        };
    }

    private ValueList<NetworkAttachmentSpec> Networks()
    {
        IEnumerable<KeyValuePair<string, ComposeServiceNetwork?>> networks = _service.Networks.Count == 0 ? [new("default", null)] : _service.Networks;
        List<NetworkAttachmentSpec> attachments = [];
        foreach ((string key, ComposeServiceNetwork? network) in networks)
        {
            if (key != "default" && !_scope.Project.Networks.ContainsKey(key))
            {
                throw new StackException($"undefined network \"{key}\"");
            }

            string target = _scope.NetworkName(key);
            bool named = target is not ("default" or "bridge" or "host" or "none") && !target.StartsWith("container:", StringComparison.Ordinal);
            attachments.Add(new NetworkAttachmentSpec(target)
            {
                // Docker's own networks know no aliases.
                Aliases = [.. network?.Aliases ?? [], .. named ? [_service.Name] : Array.Empty<string>()],
                DriverOptions = (network?.DriverOpts ?? Maps.None<string>()).ToValueMap(),
            });
        }

        return attachments.OrderBy(static attachment => attachment.Target, StringComparer.Ordinal).ToValueList();
    }

    /// <summary>Ports in one order whatever the file's, so that moving a line restarts nothing.</summary>
    private IEnumerable<ComposePort> SortedPorts() =>
        _service.Ports.OrderBy(static port => port.Published).ThenBy(static port => port.Target).ThenBy(static port => port.Protocol, StringComparer.Ordinal);

    private ValueList<PortConfig> Ports() => SortedPorts()
        .Select(static port => new PortConfig(
            port.Protocol.ToUpperInvariant() switch
            {
                "UDP" => PortProtocol.Udp,
                "SCTP" => PortProtocol.Sctp,
                _ => PortProtocol.Tcp,
            },
            (int)Math.Min(port.Target, int.MaxValue),
            (int)Math.Min(port.Published, int.MaxValue),
            port.Mode == "host" ? PublishMode.Host : PublishMode.Ingress))
        .ToValueList();
}
