namespace Skep.Compose;

/// <summary>Reads a service's <c>deploy</c>.</summary>
internal static class DeployReader
{
    public static ComposeDeploy Read(ComposeValue? value, ValueDecoder decode)
    {
        if (value is not ComposeValue.Mapping map)
        {
            return new ComposeDeploy();
        }

        var resources = map["resources"] as ComposeValue.Mapping;
        return new ComposeDeploy
        {
            Mode = decode.Text(map["mode"], "Deploy.Mode"),
            Replicas = decode.Count(map["replicas"], "Deploy.Replicas"),
            Labels = ValueDecoder.Map(map["labels"]),
            UpdateConfig = Rollout(map["update_config"], "Deploy.update_config", decode),
            RollbackConfig = Rollout(map["rollback_config"], "Deploy.rollback_config", decode),
            Limits = resources?["limits"] is ComposeValue.Mapping limits ? Limits(limits, decode) : null,
            Reservations = resources?["reservations"] is ComposeValue.Mapping reservations ? Reservations(reservations, decode) : null,
            RestartPolicy = map["restart_policy"] is ComposeValue.Mapping restart ? Restart(restart, decode) : null,
            Placement = map["placement"] is ComposeValue.Mapping placement ? Placement(placement, decode) : new ComposePlacement(),
            EndpointMode = decode.Text(map["endpoint_mode"], "Deploy.endpoint_mode"),
        };
    }

    private static ComposeUpdateConfig? Rollout(ComposeValue? value, string path, ValueDecoder decode) => value is not ComposeValue.Mapping map ? null : new()
    {
        Parallelism = decode.Count(map["parallelism"], $"{path}.Parallelism"),
        Delay = decode.Duration(map["delay"], $"{path}.Delay") ?? default,
        FailureAction = decode.Text(map["failure_action"], $"{path}.failure_action"),
        Monitor = decode.Duration(map["monitor"], $"{path}.Monitor") ?? default,
        MaxFailureRatio = decode.Fraction(map["max_failure_ratio"], $"{path}.max_failure_ratio"),
        Order = decode.Text(map["order"], $"{path}.Order"),
    };

    private static ComposeLimits Limits(ComposeValue.Mapping map, ValueDecoder decode) => new()
    {
        Cpus = decode.Text(map["cpus"], "Deploy.Resources.Limits.cpus"),
        MemoryBytes = decode.Size(map["memory"], "Deploy.Resources.Limits.memory"),
        Pids = decode.Whole(map["pids"], "Deploy.Resources.Limits.pids"),
    };

    private static ComposeReservations Reservations(ComposeValue.Mapping map, ValueDecoder decode) => new()
    {
        Cpus = decode.Text(map["cpus"], "Deploy.Resources.Reservations.cpus"),
        MemoryBytes = decode.Size(map["memory"], "Deploy.Resources.Reservations.memory"),
        GenericResources =
        [
            .. ValueDecoder.Items(map["generic_resources"]).Select(item => new ComposeGenericResource(
                (item as ComposeValue.Mapping)?["discrete_resource_spec"] is ComposeValue.Mapping spec
                    ? new ComposeDiscreteResource(
                        decode.Text(spec["kind"], "Deploy.Resources.Reservations.generic_resources.Kind"),
                        decode.Whole(spec["value"], "Deploy.Resources.Reservations.generic_resources.Value"))
                    : null)),
        ],
    };

    private static ComposeRestartPolicy Restart(ComposeValue.Mapping map, ValueDecoder decode) => new()
    {
        Condition = decode.Text(map["condition"], "Deploy.restart_policy.Condition"),
        Delay = decode.Duration(map["delay"], "Deploy.restart_policy.Delay"),
        MaxAttempts = decode.Count(map["max_attempts"], "Deploy.restart_policy.max_attempts"),
        Window = decode.Duration(map["window"], "Deploy.restart_policy.Window"),
    };

    private static ComposePlacement Placement(ComposeValue.Mapping map, ValueDecoder decode) => new()
    {
        Constraints = decode.Texts(map["constraints"], "Deploy.Placement.Constraints"),
        Spread =
        [
            .. ValueDecoder.Items(map["preferences"])
                .Select(item => decode.Text((item as ComposeValue.Mapping)?["spread"], "Deploy.Placement.Preferences.Spread")),
        ],
        MaxReplicasPerNode = decode.Count(map["max_replicas_per_node"], "Deploy.Placement.max_replicas_per_node") ?? 0,
    };
}
