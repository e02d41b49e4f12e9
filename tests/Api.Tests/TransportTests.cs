using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Skep.Model;

namespace Skep.Api.Tests;

/// <summary>Versions, headers, errors, filters: what every endpoint shares.</summary>
public sealed class TransportTests
{
    [Theory]
    [InlineData("/_ping")]
    [InlineData("/v1.24/_ping")]
    [InlineData("/v1.99/_ping")]
    public async Task Ping_answers_whatever_the_version(string path)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using HttpResponseMessage get = await server.Http.GetAsync(new Uri(path, UriKind.Relative));
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using HttpResponseMessage head = await server.Http.SendAsync(request);

        Assert.Equal("OK", await get.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(0, head.Content.Headers.ContentLength);
        Assert.Equal("1.50", Assert.Single(head.Headers.GetValues("Api-Version")));
        Assert.Equal("active/manager", Assert.Single(head.Headers.GetValues("Swarm")));
        Assert.Equal("linux", Assert.Single(head.Headers.GetValues("Ostype")));
        Assert.Equal("false", Assert.Single(head.Headers.GetValues("Docker-Experimental")));
        Assert.Equal("text/plain; charset=utf-8", get.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("/v1.99/info", 400, "client version 1.99 is too new. Maximum supported API version is 1.50")]
    [InlineData("/v1.12/info", 400, "client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version")]
    [InlineData("/nonsense", 404, "page not found")]
    [InlineData("/v1.44/nonsense", 404, "page not found")]
    [InlineData("/services/ghost", 404, "service ghost not found")]
    [InlineData("/nodes/ghost", 404, "node ghost not found")]
    [InlineData("/secrets/ghost", 404, "secret ghost not found")]
    [InlineData("/configs/ghost", 404, "config ghost not found")]
    [InlineData("/networks/ghost", 404, "network ghost not found")]
    [InlineData("/tasks/ghost", 404, "task ghost not found")]
    [InlineData("/plugins", 501, "plugins: not supported by Skep")]
    [InlineData("/services?filters=%7B%22color%22%3A%7B%22red%22%3Atrue%7D%7D", 400, "invalid filter 'color'")]
    [InlineData("/services?filters=nonsense", 400, "invalid filter")]
    public async Task Errors_are_one_message_with_Dockers_status(string path, int status, string message)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();

        (int answered, JsonNode? body) = await server.GetAsync(path);

        Assert.Equal(status, answered);
        Assert.Equal(message, (string)body!["message"]!);
        Assert.Single(body.AsObject());
    }

    [Theory]
    [InlineData(LocalNodeState.Inactive, false, "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.")]
    [InlineData(LocalNodeState.Active, false, "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.")]
    [InlineData(LocalNodeState.Locked, true, "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.")]
    public async Task A_node_that_is_no_manager_says_what_to_do(LocalNodeState state, bool isManager, string message)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        server.Control = null;
        server.Swarm = new SwarmState(state) { IsManager = isManager };

        foreach (string path in new[] { "/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs" })
        {
            (int status, JsonNode? body) = await server.GetAsync(path);
            Assert.Equal((503, message), (status, (string)body!["message"]!));
        }
    }

    [Fact]
    public async Task Filters_are_read_in_both_spellings()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        await server.PostAsync("/secrets/create", """{"Name":"one","Labels":{"a":"1"},"Data":"YQ=="}""");
        await server.PostAsync("/secrets/create", """{"Name":"two","Labels":{"a":"2"},"Data":"YQ=="}""");

        Assert.Equal<string[]>(["one"], await NamesAsync(server, """{"label":{"a=1":true}}"""));
        Assert.Equal<string[]>(["one"], await NamesAsync(server, """{"label":["a=1"]}"""));
        Assert.Equal<string[]>(["one", "two"], await NamesAsync(server, """{"label":["a"]}"""));
        Assert.Equal<string[]>([], await NamesAsync(server, """{"label":["a=1","a=2"]}"""));
        Assert.Equal<string[]>(["one", "two"], await NamesAsync(server, """{"name":["on","tw"]}"""));
        Assert.Equal<string[]>([], await NamesAsync(server, """{"names":["on"]}"""));
        Assert.Equal<string[]>(["one", "two"], await NamesAsync(server, ""));
    }

    [Theory]
    [InlineData("text/plain", "{}", "unsupported Content-Type header")]
    [InlineData("application/json", "{", "invalid JSON")]
    [InlineData("application/json", "null", "invalid JSON")]
    public async Task Bodies_have_to_be_JSON(string type, string text, string says)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using var content = new StringContent(text, Encoding.UTF8, type);
        using HttpResponseMessage answer = await server.Http.PostAsync(new Uri("/services/create", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(says, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_kept_in_memory_is_not_endless()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/secrets/create")
        {
            Content = new StringContent($$"""{"Name":"{{new string('a', 17 << 20)}}"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.ExpectContinue = true; // Or the answer is lost while the rest is being sent.
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains("invalid JSON: the body is larger than 16 MiB", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_names_may_have_slashes_in_a_path()
    {
        await using ApiHarness server = await ApiHarness.StartAsync();

        (int plain, JsonNode? body) = await server.GetAsync("/v1.50/distribution/registry.example/team/app:1/json");
        (int encoded, JsonNode? same) = await server.GetAsync("/distribution/registry.example%2Fteam%2Fapp:1/json");

        Assert.Equal((503, 503), (plain, encoded)); // This engine has no agent that could ask the registry.
        Assert.Contains("registry.example/team/app:1", (string)body!["message"]!, StringComparison.Ordinal);
        Assert.Equal((string)body["message"]!, (string)same!["message"]!);
    }

    private static async Task<string[]> NamesAsync(ApiHarness server, string filters)
    {
        (int status, JsonNode? body) = await server.GetAsync($"/secrets?filters={Uri.EscapeDataString(filters)}");
        Assert.Equal(200, status);
        return [.. body!.AsArray().Select(s => (string)s!["Spec"]!["Name"]!).Order(StringComparer.Ordinal)];
    }
}
