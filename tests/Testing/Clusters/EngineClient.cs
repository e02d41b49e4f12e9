using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Skep.Testing.Clusters;

/// <summary>The daemon refused a request.</summary>
public sealed class EngineException(int status, string message) : Exception($"{status}: {message}")
{
    public int Status => status;
}

/// <summary>A client of one node's Engine API that knows nothing but JSON, so that it shares no bug with the daemon.</summary>
public sealed class EngineClient : IDisposable
{
    private readonly HttpClient _http;

    public EngineClient(string socket, TimeSpan? limit = null) => _http = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ct) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct).ConfigureAwait(false);
                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://localhost/v1.50/"),
        Timeout = limit ?? TimeSpan.FromSeconds(20),
    };

    public async Task<JsonNode?> GetAsync(string path) => await ReadAsync(await _http.GetAsync(path).ConfigureAwait(false)).ConfigureAwait(false);

    public async Task<JsonNode?> PostAsync(string path, JsonNode? body = null)
        => await ReadAsync(await _http.PostAsync(path, body is null ? null : JsonContent.Create(body)).ConfigureAwait(false)).ConfigureAwait(false);

    public async Task DeleteAsync(string path) => await ReadAsync(await _http.DeleteAsync(path).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>All objects of a kind, such as <c>services</c>.</summary>
    public async Task<JsonObject[]> ListAsync(string kind) => [.. ((JsonArray)(await GetAsync(kind).ConfigureAwait(false))!).Select(n => (JsonObject)n!)];

    public async Task<JsonObject[]> TasksAsync(string service)
        => await ListAsync($"tasks?filters={Uri.EscapeDataString($$"""{"service":["{{service}}"]}""")}").ConfigureAwait(false);

    /// <summary>Tasks of a service that run and are wanted to.</summary>
    public async Task<JsonObject[]> RunningAsync(string service) => [.. (await TasksAsync(service).ConfigureAwait(false)).Where(IsRunning)];

    /// <summary>Reads a service, changes its spec, writes it back.</summary>
    public async Task UpdateServiceAsync(string service, Action<JsonObject> change)
    {
        JsonNode present = (await GetAsync($"services/{service}").ConfigureAwait(false))!;
        var spec = (JsonObject)present["Spec"]!.DeepClone();
        change(spec);
        await PostAsync($"services/{service}/update?version={present["Version"]!["Index"]}", spec).ConfigureAwait(false);
    }

    public static bool IsRunning(JsonObject task) => (string?)task["Status"]!["State"] == "running" && (string?)task["DesiredState"] == "running";

    public void Dispose() => _http.Dispose();

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                string message = response.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0 ? (string?)JsonNode.Parse(text)?["message"] ?? text : text;
                throw (int)response.StatusCode == 503
                    ? new HttpRequestException(message, null, response.StatusCode) // Passes by itself; a test that waits asks again.
                    : new EngineException((int)response.StatusCode, message);
            }

            return text.Length > 0 && response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : null;
        }
    }
}
