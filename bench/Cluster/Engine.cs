using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Skep.Bench.Cluster;

/// <summary>A client of any Engine API socket; knows only what every such engine has.</summary>
internal sealed class Engine : IDisposable
{
    private readonly HttpClient _http;

    public Engine(string host)
    {
        string path = host.Replace("unix://", "", StringComparison.Ordinal);
        Socket = path;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri("http://localhost/v1.41/"),
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public string Socket { get; }

    public async Task<JsonNode?> GetAsync(string path, CancellationToken ct) => await ReadAsync(await _http.GetAsync(path, ct), ct);

    public async Task<JsonNode?> PostAsync(string path, JsonNode? body, CancellationToken ct)
        => await ReadAsync(await _http.PostAsync(path, body is null ? null : JsonContent.Create(body), ct), ct);

    public async Task DeleteAsync(string path, CancellationToken ct) => await ReadAsync(await _http.DeleteAsync(path, ct), ct);

    public async Task<string> CreateServiceAsync(JsonObject spec, CancellationToken ct)
        => (string)(await PostAsync("services/create", spec, ct))!["ID"]!;

    public async Task<JsonArray> TasksAsync(string service, CancellationToken ct)
        => (JsonArray)(await GetAsync($"tasks?filters={Uri.EscapeDataString($$"""{"service":["{{service}}"]}""")}", ct))!;

    /// <summary>Reads the service, changes its spec, writes it back.</summary>
    public async Task UpdateServiceAsync(string service, Action<JsonObject> change, CancellationToken ct)
    {
        while (true)
        {
            JsonNode present = (await GetAsync($"services/{service}", ct))!;
            var spec = (JsonObject)present["Spec"]!.DeepClone();
            change(spec);
            try
            {
                await PostAsync($"services/{service}/update?version={present["Version"]!["Index"]}", spec, ct);
                return;
            }
            catch (HttpRequestException e) when (e.Message.Contains("out of sequence", StringComparison.Ordinal))
            {
                continue; // The engine gave the service its virtual address meanwhile.
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync(ct);
            return response.IsSuccessStatusCode
                ? (text.Length > 0 ? JsonNode.Parse(text) : null)
                : throw new HttpRequestException($"{(int)response.StatusCode}: {text}");
        }
    }
}
