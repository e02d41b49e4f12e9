using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Skep.Api.Http;
using Skep.Manager.Backup;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>The whole cluster as one sealed file, and back; a manager with damaged data, and back. Ours: Docker has users copy directories of a stopped manager.</summary>
internal static class BackupRoutes
{
    /// <summary>Base64 of <see cref="WireBackupSecret"/>, as registries' credentials come: the body of a restore is the backup.</summary>
    public const string SecretHeader = "X-Skep-Backup-Secret";

    public static void AddTo(RouteTable routes)
    {
        routes.Add("POST", "/swarm/backup", BackupAsync);
        routes.Add("POST", "/swarm/restore", RestoreAsync);
        routes.Add("POST", "/swarm/rejoin", (call, ct) => call.Node.Lifecycle.RejoinAsync(call.Query("advertiseAddr"), ct));
    }

    private static async Task BackupAsync(ApiCall call, CancellationToken ct)
    {
        BackupSecret secret = Secret(call);
        byte[] content = await call.Control.SaveAsync(ct);
        call.Http.Response.ContentType = "application/octet-stream";
        await BackupFile.WriteAsync(content, secret, call.Http.Response.Body, ct);
    }

    private static async Task RestoreAsync(ApiCall call, CancellationToken ct)
    {
        var request = new SwarmRestore(call.Query("listenAddr"), call.Query("advertiseAddr"), call.Query("dataPathAddr"), Secret(call));
        NodeId node = await call.Node.Lifecycle.RestoreAsync(request, call.Http.Request.Body, ct);
        await call.AnswerAsync(node.Value, WireJson.Default.String, ct);
    }

    private static BackupSecret Secret(ApiCall call)
    {
        if (call.Http.Request.Headers[SecretHeader] is not { Count: 1 } given || given[0] is not { } text)
        {
            throw ClusterException.Invalid($"the header {SecretHeader} is missing: a backup is sealed with a passphrase or a key");
        }

        try
        {
            WireBackupSecret? secret = JsonSerializer.Deserialize(Convert.FromBase64String(text), WireJson.Default.WireBackupSecret);
            return secret switch
            {
                { Passphrase.Length: > 0, Key: null or { Length: 0 } } => BackupSecret.OfPassphrase(SensitiveBytes.From(System.Text.Encoding.UTF8.GetBytes(secret.Passphrase))),
                { Key.Length: > 0, Passphrase: null or "" } => BackupSecret.OfKey(SensitiveBytes.From(secret.Key)),
                _ => throw ClusterException.Invalid($"the header {SecretHeader} has to hold either Passphrase or Key"),
            };
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the header {SecretHeader} has to be JSON in base64", e);
        }
    }
}
