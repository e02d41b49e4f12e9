namespace Skep.Compose;

/// <summary>Lays one <c>deploy</c> section over another, field by field.</summary>
internal static class DeployMerge
{
    public static ComposeDeploy Join(ComposeDeploy under, ComposeDeploy over) => new()
    {
        Mode = ServiceMerge.Pick(under.Mode, over.Mode),
        Replicas = over.Replicas ?? under.Replicas,
        Labels = Maps.Join(under.Labels, over.Labels),
        UpdateConfig = Either(under.UpdateConfig, over.UpdateConfig, Rollout),
        RollbackConfig = Either(under.RollbackConfig, over.RollbackConfig, Rollout),
        Limits = Either(under.Limits, over.Limits, static (a, b) => new ComposeLimits
        {
            Cpus = ServiceMerge.Pick(a.Cpus, b.Cpus),
            MemoryBytes = b.MemoryBytes != 0 ? b.MemoryBytes : a.MemoryBytes,
            Pids = b.Pids != 0 ? b.Pids : a.Pids,
        }),
        Reservations = Either(under.Reservations, over.Reservations, static (a, b) => new ComposeReservations
        {
            Cpus = ServiceMerge.Pick(a.Cpus, b.Cpus),
            MemoryBytes = b.MemoryBytes != 0 ? b.MemoryBytes : a.MemoryBytes,
            GenericResources = [.. a.GenericResources, .. b.GenericResources],
        }),
        RestartPolicy = Either(under.RestartPolicy, over.RestartPolicy, static (a, b) => new ComposeRestartPolicy
        {
            Condition = ServiceMerge.Pick(a.Condition, b.Condition),
            Delay = Pick(a.Delay, b.Delay),
            MaxAttempts = b.MaxAttempts ?? a.MaxAttempts,
            Window = Pick(a.Window, b.Window),
        }),
        Placement = new ComposePlacement
        {
            Constraints = [.. under.Placement.Constraints, .. over.Placement.Constraints],
            Spread = [.. under.Placement.Spread, .. over.Placement.Spread],
            MaxReplicasPerNode = over.Placement.MaxReplicasPerNode != 0 ? over.Placement.MaxReplicasPerNode : under.Placement.MaxReplicasPerNode,
        },
        EndpointMode = ServiceMerge.Pick(under.EndpointMode, over.EndpointMode),
    };

    /// <summary>A length of zero replaces only an absent one.</summary>
    public static ComposeDuration? Pick(ComposeDuration? under, ComposeDuration? over) =>
        over is { Nanoseconds: not 0 } ? over : under ?? over;

    private static ComposeUpdateConfig Rollout(ComposeUpdateConfig under, ComposeUpdateConfig over) => new()
    {
        Parallelism = over.Parallelism ?? under.Parallelism,
        Delay = Pick(under.Delay, over.Delay)!.Value,
        FailureAction = ServiceMerge.Pick(under.FailureAction, over.FailureAction),
        Monitor = Pick(under.Monitor, over.Monitor)!.Value,
        MaxFailureRatio = over.MaxFailureRatio != 0 ? over.MaxFailureRatio : under.MaxFailureRatio,
        Order = ServiceMerge.Pick(under.Order, over.Order),
    };

    private static T? Either<T>(T? under, T? over, Func<T, T, T> join)
        where T : class =>
        under is null || over is null ? over ?? under : join(under, over);
}
