namespace Skep.Compose;

/// <summary>Lays one project over another, as <c>-c base.yml -c more.yml</c> asks.</summary>
/// <remarks>Source: docker/cli:cli/compose/loader/merge.go. Services are joined field by field; networks, volumes, secrets and
/// configs are replaced whole; top-level <c>x-</c> keys of the later file are dropped.</remarks>
internal static class ProjectMerge
{
    public static ComposeProject Join(ComposeProject under, ComposeProject over)
    {
        SortedDictionary<string, ComposeService> services = Maps.New<ComposeService>();
        foreach ((string name, ComposeService service) in under.Services)
        {
            services[name] = service;
        }

        foreach ((string name, ComposeService service) in over.Services)
        {
            services[name] = services.TryGetValue(name, out ComposeService? first) ? ServiceMerge.Join(first, service) : service;
        }

        return under with
        {
            Services = services,
            Networks = Maps.Join(under.Networks, over.Networks),
            Volumes = Maps.Join(under.Volumes, over.Volumes),
            Secrets = Maps.Join(under.Secrets, over.Secrets),
            Configs = Maps.Join(under.Configs, over.Configs),
        };
    }
}
