namespace Skep.Api.Http;

internal delegate Task ApiHandler(ApiCall call, CancellationToken ct);

/// <summary>Which handler a method and path belong to.</summary>
/// <remarks>
/// Not ASP.NET's routing: names of images have slashes in the middle of a path (<c>/images/a/b:c/json</c>), and each path exists with and without a version.
/// A pattern is segments; <c>{x}</c> takes one, <c>{x*}</c> one or more.
/// </remarks>
internal sealed class RouteTable
{
    private readonly Dictionary<string, List<Route>> _byMethod = new(StringComparer.Ordinal);

    /// <summary>Methods with their patterns, "/services/{id}".</summary>
    public IEnumerable<(string Method, string Pattern)> All => _byMethod.SelectMany(m => m.Value.Select(r => (m.Key, "/" + string.Join('/', r.Segments))));

    public void Add(string method, string pattern, ApiHandler handler)
    {
        if (!_byMethod.TryGetValue(method, out List<Route>? routes))
        {
            _byMethod[method] = routes = [];
        }

        routes.Add(new Route(pattern.Split('/', StringSplitOptions.RemoveEmptyEntries), handler));
    }

    /// <summary>The first pattern added that fits; null if none does.</summary>
    public ApiHandler? Find(string method, string path, Dictionary<string, string> values)
    {
        if (!_byMethod.TryGetValue(method, out List<Route>? routes))
        {
            return null;
        }

        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (Route route in routes)
        {
            if (Fits(route.Segments, segments, values))
            {
                return route.Handler;
            }
        }

        return null;
    }

    private static bool Fits(string[] pattern, string[] segments, Dictionary<string, string> values)
    {
        values.Clear();
        int wide = Array.FindIndex(pattern, p => p.EndsWith("*}", StringComparison.Ordinal));
        int extra = segments.Length - pattern.Length;
        if (extra < 0 || (wide < 0 && extra > 0))
        {
            return false;
        }

        for (int p = 0, s = 0; p < pattern.Length; p++)
        {
            int width = p == wide ? extra + 1 : 1;
            string text = width == 1 ? segments[s] : string.Join('/', segments, s, width);
            if (pattern[p][0] == '{')
            {
                // The server leaves encoded slashes alone so that they do not split; here they are part of a name.
                values[pattern[p].Trim('{', '*', '}')] = text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
            }
            else if (!string.Equals(pattern[p], text, StringComparison.Ordinal))
            {
                return false;
            }

            s += width;
        }

        return true;
    }

    private sealed record Route(string[] Segments, ApiHandler Handler);
}
