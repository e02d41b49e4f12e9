using System.Text.Json;
using Skep.Api.Http;
using Skep.Engine;

namespace Skep.Api.Local;

/// <summary>Files into and out of containers.</summary>
internal static class ArchiveRoutes
{
    private const string StatHeader = "X-Docker-Container-Path-Stat";

    public static void AddTo(RouteTable routes)
    {
        routes.Add("HEAD", "/containers/{id}/archive", StatAsync);
        routes.Add("GET", "/containers/{id}/archive", ReadAsync);
        routes.Add("PUT", "/containers/{id}/archive", WriteAsync);
        routes.Add("GET", "/containers/{id}/export", ExportAsync);
        routes.Add("GET", "/containers/{id}/changes", ChangesAsync);
    }

    private static async Task StatAsync(ApiCall call, CancellationToken ct)
    {
        SetStat(call, await call.Local.StatFileAsync(call["id"], PathOf(call), ct));
        await call.AnswerAsync(200);
    }

    private static Task ReadAsync(ApiCall call, CancellationToken ct) => call.Local.ReadArchiveAsync(
        call["id"],
        PathOf(call),
        facts =>
        {
            SetStat(call, facts);
            return BeginAsync(call, "application/x-tar", ct);
        },
        ct);

    private static async Task WriteAsync(ApiCall call, CancellationToken ct)
    {
        await call.Local.WriteArchiveAsync(call["id"], PathOf(call), call.Flag("noOverwriteDirNonDir"), call.Flag("copyUIDGID"), call.Http.Request.Body, ct);
        await call.AnswerAsync(200);
    }

    private static Task ExportAsync(ApiCall call, CancellationToken ct) => call.Local.ExportAsync(call["id"], () => BeginAsync(call, "application/octet-stream", ct), ct);

    private static async Task ChangesAsync(ApiCall call, CancellationToken ct)
    {
        ValueList<FileChange> changes = await call.Local.ListChangesAsync(call["id"], ct);
        await call.AnswerAsync([.. changes.Select(c => new WireChange { Path = c.Path, Kind = (int)c.Kind })], WireJson.Default.ListWireChange, ct);
    }

    private static async Task<Stream> BeginAsync(ApiCall call, string contentType, CancellationToken ct)
    {
        call.Http.Response.ContentType = contentType;
        await call.Http.Response.StartAsync(ct);
        return call.Http.Response.Body;
    }

    private static string PathOf(ApiCall call) => call.Query("path") is { Length: > 0 } path ? path : throw ClusterException.Invalid("bad parameter: 'path' cannot be empty");

    private static void SetStat(ApiCall call, PathFacts facts)
    {
        var stat = new WirePathStat { Name = facts.Name, Size = facts.Size, Mode = GoMode(facts.Mode), Modified = facts.Modified, LinkTarget = facts.LinkTarget };
        call.Http.Response.Headers[StatHeader] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(stat, WireJson.Default.WirePathStat));
    }

    /// <remarks>Source: Go's io/fs FileMode bits and os/stat_linux.go.</remarks>
    internal static uint GoMode(int mode)
    {
        const int kindMask = 0xf000;
        uint kind = (mode & kindMask) switch
        {
            0x4000 => 1u << 31,
            0xa000 => 1u << 27,
            0x6000 => 1u << 26,
            0x2000 => (1u << 26) | (1u << 21),
            0x1000 => 1u << 25,
            0xc000 => 1u << 24,
            _ => 0,
        };
        uint special = ((mode & 0x800) != 0 ? 1u << 23 : 0) | ((mode & 0x400) != 0 ? 1u << 22 : 0) | ((mode & 0x200) != 0 ? 1u << 20 : 0);
        return kind | special | (uint)(mode & 0x1ff);
    }
}
