using System.Net;

namespace Skep.Cli.Engine;

/// <summary>The daemon answered with an error.</summary>
internal sealed class EngineException(HttpStatusCode status, string message) : CliException($"Error response from daemon: {message}")
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The daemon's words alone.</summary>
    public string Reason { get; } = message;

    public bool IsNotFound => Status == HttpStatusCode.NotFound;
}
