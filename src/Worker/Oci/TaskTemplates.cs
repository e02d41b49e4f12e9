namespace Skep.Worker.Oci;

/// <summary>A task's spec with its templates filled in.</summary>
/// <remarks>Source: moby/swarmkit:template/expand.go: hostname, env, and of mounts source, target and labels.</remarks>
internal static class TaskTemplates
{
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
