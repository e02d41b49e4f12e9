using System.Globalization;
using System.Text;
using Skep.Cli.Output;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>What <c>service inspect --pretty</c> prints.</summary>
internal static class ServicePretty
{
    /// <param name="networks">Those the service may be in, for their names.</param>
    public static string Describe(WireService service, List<WireNetwork> networks, DateTimeOffset now)
    {
        StringBuilder text = new();
        void Line(string label, object? value)
        {
            if (value is not null and not "")
            {
                text.Append(CultureInfo.InvariantCulture, $"{label}{value}\n");
            }
        }

        WireServiceSpec spec = service.Spec ?? new WireServiceSpec();
        WireTaskSpec task = spec.TaskTemplate ?? new WireTaskSpec();
        WireContainerSpec container = task.ContainerSpec ?? new WireContainerSpec();
        Line("\nID:\t\t", service.Id);
        Line("Name:\t\t", spec.Name);
        if (spec.Labels is { Count: > 0 } labels)
        {
            text.Append("Labels:\n");
            foreach ((string key, string value) in labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $" {key}={value}\n");
            }
        }

        Line("Service Mode:\t", HumanFormat.Capital(ServiceListing.Mode(spec.Mode)));
        Line(" Replicas:\t", spec.Mode?.Replicated?.Replicas);
        Line(" Max Concurrent: ", spec.Mode?.ReplicatedJob?.MaxConcurrent);
        Line(" Total Completions: ", spec.Mode?.ReplicatedJob?.TotalCompletions);
        if (service.UpdateStatus is { State.Length: > 0 } update)
        {
            text.Append("UpdateStatus:\n");
            Line(" State:\t\t", update.State);
            Line(" Started:\t", update.StartedAt is { } started ? HumanFormat.Ago(started, now).ToLowerInvariant() : null);
            Line(" Completed:\t", update.CompletedAt is { } completed ? HumanFormat.Ago(completed, now).ToLowerInvariant() : null);
            Line(" Message:\t", update.Message);
        }

        text.Append("Placement:\n");
        if (task.Placement?.Constraints is { Count: > 0 } constraints)
        {
            Line(" Constraints:\t", $"[{string.Join(' ', constraints)}]");
        }

        if (task.Placement?.Preferences is { Count: > 0 } preferences)
        {
            Line(" Preferences:   ", $"[{string.Join(' ', preferences.Select(static preference => $"spread={preference.Spread?.SpreadDescriptor}"))}]");
        }

        Line(" Max Replicas Per Node:   ", task.Placement is { MaxReplicas: > 0 } placement ? placement.MaxReplicas : null);
        Rollout("UpdateConfig", spec.UpdateConfig);
        Rollout("RollbackConfig", spec.RollbackConfig);
        text.Append("ContainerSpec:\n");
        Line(" Image:\t\t", container.Image);
        Line(" Command:\t", container.Command is { Count: > 0 } command ? string.Join(' ', command) : null);
        Line(" Args:\t\t", container.Args is { Count: > 0 } args ? string.Join(' ', args) + " " : null);
        Line(" Env:\t\t", container.Env is { Count: > 0 } env ? string.Join(' ', env) + " " : null);
        Line(" Dir:\t\t", container.Dir);
        Line(" Init:\t\t", container.Init is { } init ? init ? "true" : "false" : null);
        Line(" User: ", container.User);
        if (container.CapabilityAdd is { Count: > 0 } || container.CapabilityDrop is { Count: > 0 })
        {
            text.Append("Capabilities:\n");
            Line(" Add: ", string.Join(", ", container.CapabilityAdd ?? []));
            Line(" Drop: ", string.Join(", ", container.CapabilityDrop ?? []));
        }

        if (container.Sysctls is { Count: > 0 } sysctls)
        {
            text.Append("SysCtls:\n");
            foreach ((string key, string value) in sysctls.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                Line($" {key}: ", value);
            }
        }

        if (container.Ulimits is { Count: > 0 } ulimits)
        {
            text.Append("Ulimits:\n");
            ulimits.ForEach(limit => Line($" {limit.Name}: ", string.Create(CultureInfo.InvariantCulture, $"{limit.Soft}:{limit.Hard}")));
        }

        if (container.Mounts is { Count: > 0 } mounts)
        {
            text.Append("Mounts:\n");
            foreach (WireMount mount in mounts)
            {
                Line(" Target:\t", mount.Target);
                Line("  Source:\t", mount.Source);
                Line("  ReadOnly:\t", mount.ReadOnly ? "true" : "false");
                Line("  Type:\t\t", mount.Type);
            }
        }

        if (container.Configs is { Count: > 0 } configs)
        {
            text.Append("Configs:\n");
            configs.ForEach(config => Line(" Target:\t", $"{config.File?.Name}\n  Source:\t{config.ConfigName}"));
        }

        if (container.Secrets is { Count: > 0 } secrets)
        {
            text.Append("Secrets:\n");
            secrets.ForEach(secret => Line(" Target:\t", $"{secret.File?.Name}\n  Source:\t{secret.SecretName}"));
        }

        if (task.LogDriver is { Name.Length: > 0 } log)
        {
            text.Append(CultureInfo.InvariantCulture, $"Log Driver:\n Name:\t\t{log.Name}\n");
            if (log.Options is { Count: > 0 } options)
            {
                text.Append(" LogOpts:\n");
                foreach ((string key, string value) in options.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
                {
                    text.Append(CultureInfo.InvariantCulture, $"  {key}:       {value}\n");
                }
            }

            text.Append('\n');
        }

        if (task.Resources is not null)
        {
            text.Append("Resources:\n");
            Resources(" Reservations:", task.Resources.Reservations);
            Resources(" Limits:", task.Resources.Limits);
        }

        if (task.Networks is { Count: > 0 } joined)
        {
            Line("Networks: ", string.Concat(joined.Select(one => $"{networks.Find(n => n.Id == one.Target)?.Name ?? one.Target} ")));
        }

        text.Append(CultureInfo.InvariantCulture, $"Endpoint Mode:\t{spec.EndpointSpec?.Mode}\n");
        if (service.Endpoint?.Ports is { Count: > 0 } ports)
        {
            text.Append(CultureInfo.InvariantCulture, $"Ports:\n{string.Join('\n', ports.Select(Port))} \n");
        }

        if (container.Healthcheck is { } health)
        {
            text.Append(" Healthcheck:\n");
            Line("  Interval = ", HumanFormat.GoDuration(health.Interval));
            Line("  Retries = ", health.Retries);
            Line("  StartPeriod =\t", HumanFormat.GoDuration(health.StartPeriod));
            Line("  Timeout =\t", HumanFormat.GoDuration(health.Timeout));
            text.Append(CultureInfo.InvariantCulture, $"  Tests:\n{string.Join('\n', (health.Test ?? []).Select(static test => $"\t Test = {test}"))} \n");
        }

        text.Append('\n');
        return text.ToString();

        static string Port(WirePort port) => string.Create(
            CultureInfo.InvariantCulture, $" PublishedPort = {port.PublishedPort}\n  Protocol = {port.Protocol}\n  TargetPort = {port.TargetPort}\n  PublishMode = {port.PublishMode}");

        void Rollout(string name, WireUpdateConfig? config)
        {
            if (config is null)
            {
                return;
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}:\n");
            Line(" Parallelism:\t", config.Parallelism);
            Line(" Delay:\t\t", config.Delay != 0 ? HumanFormat.GoDuration(config.Delay) : null);
            Line(" On failure:\t", config.FailureAction);
            Line(" Monitoring Period: ", config.Monitor != 0 ? HumanFormat.GoDuration(config.Monitor) : null);
            Line(" Max failure ratio: ", config.MaxFailureRatio.ToString(CultureInfo.InvariantCulture));
            string prefix = name.Replace("Config", "", StringComparison.Ordinal);
            Line($" {prefix} order:".PadRight(20), config.Order);
        }

        void Resources(string name, WireResources? resources)
        {
            if (resources is null || (resources.NanoCpus == 0 && resources.MemoryBytes == 0))
            {
                return;
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}\n");
            Line("  CPU:\t\t", resources.NanoCpus != 0 ? (resources.NanoCpus / 1e9).ToString(CultureInfo.InvariantCulture) : null);
            Line("  Memory:\t", resources.MemoryBytes != 0 ? HumanFormat.BinarySize(resources.MemoryBytes) : null);
        }
    }
}
