using System.Globalization;
using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Engine;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Volumes;

namespace Skep.Api.Local;

/// <summary>The life of standalone containers.</summary>
internal static class StandaloneRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("POST", "/containers/create", CreateAsync);
        routes.Add("POST", "/containers/prune", (call, ct) => PruneAsync(call, time, ct));
        routes.Add("POST", "/containers/{id}/start", StartAsync);
        routes.Add("POST", "/containers/{id}/stop", StopAsync);
        routes.Add("POST", "/containers/{id}/restart", RestartAsync);
        routes.Add("POST", "/containers/{id}/kill", KillAsync);
        routes.Add("POST", "/containers/{id}/pause", (call, ct) => DoneAsync(call, call.Local.PauseContainerAsync(call["id"], ct)));
        routes.Add("POST", "/containers/{id}/unpause", (call, ct) => DoneAsync(call, call.Local.UnpauseContainerAsync(call["id"], ct)));
        routes.Add("POST", "/containers/{id}/rename", (call, ct) => DoneAsync(call, call.Local.RenameContainerAsync(call["id"], call.Query("name"), ct)));
        routes.Add("POST", "/containers/{id}/update", UpdateAsync);
        routes.Add("POST", "/containers/{id}/wait", WaitAsync);
        routes.Add("POST", "/containers/{id}/resize", ResizeAsync);
        routes.Add("DELETE", "/containers/{id}", RemoveAsync);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        WireContainerCreate body = await call.ReadAsync(WireJson.Default.WireContainerCreate, ct);
        ImageSettings? image = await ImageAsync(call.Local, body.Image ?? "", ct);
        string id = await call.Local.CreateContainerAsync(ContainerRequest.ToSpec(body, call.Query("name").TrimStart('/'), image), ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireContainerCreated { Id = id, Warnings = [] }, WireJson.Default.WireContainerCreated, ct);
    }

    private static async Task<ImageSettings?> ImageAsync(ContainerEngine local, string image, CancellationToken ct)
    {
        try
        {
            return image.Length == 0 ? null : (await local.InspectImageAsync(image, ct)).Settings;
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null; // Creating says so in the words clients look for.
        }
    }

    private static async Task StartAsync(ApiCall call, CancellationToken ct)
        => await call.AnswerAsync(await call.Local.StartContainerAsync(call["id"], ct) ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);

    private static async Task StopAsync(ApiCall call, CancellationToken ct)
        => await call.AnswerAsync(
            await call.Local.StopContainerAsync(call["id"], call.Query("signal"), Limit(call), ct) ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);

    private static Task RestartAsync(ApiCall call, CancellationToken ct) => DoneAsync(call, call.Local.RestartContainerAsync(call["id"], call.Query("signal"), Limit(call), ct));

    private static Task KillAsync(ApiCall call, CancellationToken ct) => DoneAsync(call, call.Local.KillContainerAsync(call["id"], call.Query("signal"), ct));

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        WireContainerHostConfig body = await call.ReadAsync(WireJson.Default.WireContainerHostConfig, ct);
        UnsupportedFields.Check(new WireContainerCreate(), body);
        await call.Local.UpdateContainerAsync(call["id"], spec => ContainerUpdate.Apply(spec, body), ct);
        await call.AnswerAsync(new WireWarnings { Warnings = [] }, WireJson.Default.WireWarnings, ct);
    }

    private static async Task WaitAsync(ApiCall call, CancellationToken ct)
    {
        WaitCondition condition = call.Query("condition") switch
        {
            "" or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            var other => throw ClusterException.Invalid($"invalid condition: \"{other}\""),
        };
        Task<int> ended = call.Local.WaitContainerAsync(call["id"], condition, ct);
        // The client starts the container once it has the head of this answer.
        call.Http.Response.ContentType = "application/json";
        await call.Http.Response.StartAsync(ct);
        await call.Http.Response.Body.FlushAsync(ct);
        byte[] result = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new WireWaitResult { StatusCode = await ended }, WireJson.Default.WireWaitResult);
        await call.Http.Response.Body.WriteAsync(result, ct);
    }

    private static async Task ResizeAsync(ApiCall call, CancellationToken ct)
    {
        if (!int.TryParse(call.Query("h"), NumberStyles.None, CultureInfo.InvariantCulture, out int rows) || !int.TryParse(call.Query("w"), NumberStyles.None, CultureInfo.InvariantCulture, out int columns))
        {
            throw ClusterException.Invalid("resize needs a height (h) and a width (w)");
        }

        await call.Local.ResizeContainerAsync(call["id"], columns, rows, ct);
        await call.AnswerAsync(StatusCodes.Status200OK);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        if (call.Flag("link"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, "link: links are not supported");
        }

        await DoneAsync(call, call.Local.RemoveContainerAsync(call["id"], call.Flag("force"), call.Flag("v"), ct));
    }

    private static async Task PruneAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("label", "label!", "until");
        DateTimeOffset? until = filters.Values("until") is [var text, ..] ? UntilFilter.Parse(text, time.GetUtcNow()) : null;
        PruneReport report = await call.Local.PruneContainersAsync(
            c => filters.Labels("label", c.Labels) && !(filters.Has("label!") && filters.Labels("label!", c.Labels)) && (until is not { } end || c.CreatedAt < end), ct);
        await call.AnswerAsync(
            new WireContainersPruned { ContainersDeleted = report.Removed.IsEmpty ? null : [.. report.Removed], SpaceReclaimed = report.FreedBytes }, WireJson.Default.WireContainersPruned, ct);
    }

    private static async Task DoneAsync(ApiCall call, Task work)
    {
        await work;
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }

    /// <summary>Seconds; -1: for ever.</summary>
    private static TimeSpan? Limit(ApiCall call)
        => int.TryParse(call.Query("t"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seconds) ? seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds) : null;
}
