namespace Skep.Worker.Tasks;

/// <summary>A task's spec with its templates filled in.</summary>
/// <remarks>Source: moby/swarmkit:template/expand.go: hostname, env, and of mounts source, target and labels.</remarks>
internal static class TaskTemplates
{
    /// <summary>Also tells the container which generic resources it was given: <c>DOCKER_RESOURCE_GPU=2</c>. Source: moby/swarmkit:api/genericresource/string.go, EnvFormat.</summary>
    public static ContainerSpec Expand(TaskSpec task, TemplateContext context)
    {
        ContainerSpec spec = Expand(task.Container, context);
        return task.Reservations is { Generic: { IsEmpty: false } generic }
            ? spec with { Env = spec.Env.AddRange(generic.Select(g => $"DOCKER_RESOURCE_{g.Kind.ToUpperInvariant()}={g.Count}").ToValueList()) }
            : spec;
    }

    public static ContainerSpec Expand(ContainerSpec spec, TemplateContext context) => spec with
    {
        Hostname = TemplateText.Expand(spec.Hostname, context),
        Env = spec.Env.Select(e => TemplateText.Expand(e, context)).ToValueList(),
        Mounts = spec.Mounts.Select(m => m with
        {
            Source = TemplateText.Expand(m.Source, context),
            Target = TemplateText.Expand(m.Target, context),
            Volume = m.Volume is null ? null : m.Volume with { Labels = m.Volume.Labels.ToValueMap(l => l.Key, l => TemplateText.Expand(l.Value, context)) },
        }).ToValueList(),
    };
}
