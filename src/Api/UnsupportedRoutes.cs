using Skep.Api.Http;

namespace Skep.Api;

/// <summary>What Docker serves and Skep does not: 501 with a word on it, rather than 404 as for a path nobody knows.</summary>
internal static class UnsupportedRoutes
{
    private static readonly (string Method, string Pattern, string What)[] s_routes =
    [
        ("POST", "/containers/create", "standalone containers"),
        ("POST", "/containers/prune", "standalone containers"),
        ("POST", "/containers/{id}/start", "standalone containers"),
        ("POST", "/containers/{id}/stop", "stopping a container by hand"),
        ("POST", "/containers/{id}/restart", "restarting a container by hand"),
        ("POST", "/containers/{id}/kill", "signalling a container"),
        ("POST", "/containers/{id}/pause", "pausing a container"),
        ("POST", "/containers/{id}/unpause", "pausing a container"),
        ("POST", "/containers/{id}/rename", "renaming a container"),
        ("POST", "/containers/{id}/update", "updating a container"),
        ("POST", "/containers/{id}/wait", "waiting for a container"),
        ("POST", "/containers/{id}/attach", "attaching to a container"),
        ("GET", "/containers/{id}/attach/ws", "attaching to a container"),
        ("POST", "/containers/{id}/resize", "attaching to a container"),
        ("DELETE", "/containers/{id}", "removing a container by hand"),
        ("POST", "/commit", "committing a container"),
        ("POST", "/build", "building images"),
        ("POST", "/build/prune", "building images"),
        ("POST", "/build/cancel", "building images"),
        ("POST", "/session", "building images"),
        ("POST", "/grpc", "building images"),
        ("GET", "/images/search", "searching a registry"),
        ("POST", "/images/prune", "pruning images"),
        ("GET", "/images/get", "saving images"),
        ("GET", "/images/{name*}/get", "saving images"),
        ("POST", "/images/{name*}/push", "pushing images"),
        ("POST", "/auth", "checking registry credentials"),
        ("POST", "/networks/{id}/connect", "connecting containers to networks by hand"),
        ("POST", "/networks/{id}/disconnect", "disconnecting containers from networks by hand"),
        ("PUT", "/volumes/{name}", "cluster (CSI) volumes"),
        ("GET", "/plugins", "plugins"),
        ("GET", "/plugins/privileges", "plugins"),
        ("POST", "/plugins/pull", "plugins"),
        ("POST", "/plugins/create", "plugins"),
        ("GET", "/plugins/{name*}/json", "plugins"),
        ("DELETE", "/plugins/{name*}", "plugins"),
        ("POST", "/plugins/{name*}/enable", "plugins"),
        ("POST", "/plugins/{name*}/disable", "plugins"),
        ("POST", "/plugins/{name*}/upgrade", "plugins"),
        ("POST", "/plugins/{name*}/push", "plugins"),
        ("POST", "/plugins/{name*}/set", "plugins"),
    ];

    public static void AddTo(RouteTable routes)
    {
        foreach ((string method, string pattern, string what) in s_routes)
        {
            routes.Add(method, pattern, (_, _) => throw new ClusterException(ErrorKind.NotImplemented, $"{what}: not supported by Skep"));
        }
    }
}
