namespace Skep.Api.Cluster;

/// <summary>A service's spec with what the cluster does where the user said nothing, for <c>insertDefaults</c>.</summary>
/// <remarks>Source: moby/swarmkit:api/defaults/service.go.</remarks>
internal static class ServiceDefaults
{
    public static ServiceSpec Fill(ServiceSpec spec)
    {
        bool isJob = spec.Mode is ServiceMode.ReplicatedJob or ServiceMode.GlobalJob;
        RestartPolicySpec restart = spec.Task.Restart ?? RestartPolicySpec.Default;
        return spec with
        {
            Task = spec.Task with
            {
                Container = spec.Task.Container with
                {
                    StopGracePeriod = spec.Task.Container.EffectiveStopGracePeriod,
                    Isolation = spec.Task.Container.Isolation.Length > 0 ? spec.Task.Container.Isolation : "default",
                },
                Limits = spec.Task.Limits ?? new Resources(0, 0),
                Reservations = spec.Task.Reservations ?? new Resources(0, 0),
                Restart = restart with
                {
                    Condition = restart.EffectiveCondition,
                    Delay = restart.EffectiveDelay,
                    MaxAttempts = restart.MaxAttempts ?? 0,
                },
            },
            Update = isJob ? spec.Update : Fill(spec.Update),
            Rollback = isJob ? spec.Rollback : Fill(spec.Rollback),
            Endpoint = spec.Endpoint ?? new EndpointSpec(EndpointMode.Vip),
        };
    }

    private static UpdateConfig Fill(UpdateConfig? config)
    {
        config ??= UpdateConfig.Default;
        return config with { Monitor = config.EffectiveMonitor };
    }
}
