namespace Skep.Compose;

/// <summary>A <c>deploy</c> section as a mapping.</summary>
internal static class DeployWriter
{
    public static ComposeValue.Mapping? Write(ComposeDeploy deploy) => new Block()
        .Add("mode", deploy.Mode)
        .Add("replicas", deploy.Replicas)
        .Add("labels", deploy.Labels)
        .Add("update_config", deploy.UpdateConfig is { } update ? Rollout(update) : null)
        .Add("rollback_config", deploy.RollbackConfig is { } rollback ? Rollout(rollback) : null)
        .Add("resources", new Block()
            .Add("limits", deploy.Limits is { } limits ? Limits(limits) : null)
            .Add("reservations", deploy.Reservations is { } reservations ? Reservations(reservations) : null)
            .OrNothing)
        .Add("restart_policy", deploy.RestartPolicy is { } restart ? Restart(restart) : null)
        .Add("placement", new Block()
            .Add("constraints", deploy.Placement.Constraints)
            .AddList("preferences", deploy.Placement.Spread, static spread => new Block().Add("spread", spread).Value)
            .Add("max_replicas_per_node", deploy.Placement.MaxReplicasPerNode is var most and not 0 ? most : (ulong?)null)
            .OrNothing)
        .Add("endpoint_mode", deploy.EndpointMode)
        .OrNothing;

    private static ComposeValue.Mapping Rollout(ComposeUpdateConfig config) => new Block()
        .Add("parallelism", config.Parallelism)
        .Add("delay", Given(config.Delay))
        .Add("failure_action", config.FailureAction)
        .Add("monitor", Given(config.Monitor))
        .Add("max_failure_ratio", config.MaxFailureRatio)
        .Add("order", config.Order)
        .Value;

    private static ComposeValue.Mapping Limits(ComposeLimits limits) => new Block()
        .Add("cpus", limits.Cpus)
        .AddBytes("memory", limits.MemoryBytes)
        .Add("pids", limits.Pids)
        .Value;

    private static ComposeValue.Mapping Reservations(ComposeReservations reservations) => new Block()
        .Add("cpus", reservations.Cpus)
        .AddBytes("memory", reservations.MemoryBytes)
        .AddList("generic_resources", reservations.GenericResources, static resource => new Block()
            .Add("discrete_resource_spec", resource.Discrete is { } discrete
                ? new Block()
                    .Add("kind", new ComposeValue.Text(discrete.Kind))
                    .Add("value", new ComposeValue.Whole(discrete.Value))
                    .Value
                : null)
            .Value)
        .Value;

    private static ComposeValue.Mapping Restart(ComposeRestartPolicy restart) => new Block()
        .Add("condition", restart.Condition)
        .Add("delay", restart.Delay)
        .Add("max_attempts", restart.MaxAttempts)
        .Add("window", restart.Window)
        .Value;

    private static ComposeDuration? Given(ComposeDuration duration) => duration.Nanoseconds == 0 ? null : duration;
}
