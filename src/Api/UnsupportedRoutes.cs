using Skep.Api.Http;

namespace Skep.Api;

/// <summary>What Docker serves and Skep does not: 501 with a word on it, rather than 404 as for a path nobody knows.</summary>
internal static class UnsupportedRoutes
{
    private const string BuildElsewhere = "building images (build with Docker, podman or buildah elsewhere and load or push the result: skep image load, docker push)";

    private static readonly (string Method, string Pattern, string What)[] Routes =
    [
        ("POST", "/commit", "committing a container"),
        ("POST", "/build", BuildElsewhere),
        ("POST", "/build/cancel", BuildElsewhere),
        ("POST", "/session", BuildElsewhere),
        ("POST", "/grpc", BuildElsewhere),
        ("GET", "/images/search", "searching a registry (look on its web page and pull by name)"),
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
        foreach ((string method, string pattern, string what) in Routes)
        {
            routes.Add(method, pattern, (_, _) => throw new ClusterException(ErrorKind.NotImplemented, $"{what}: not supported by Skep"));
        }
    }
}
