using System.Net;
using Skep.Dashboard.Access;

namespace Skep.Dashboard.Pages;

/// <summary>What is served, where, and to whom.</summary>
public sealed record DashboardOptions
{
    /// <summary>The Engine API: unix:///path or tcp://host:port.</summary>
    public required string Host { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Everybody may look, nobody may change anything.</summary>
    public bool IsOpen { get; init; }

    /// <summary>An open page shows logs too. One that needs a token always does.</summary>
    public bool ShowsLogs { get; init; }

    /// <summary>Where sessions outlive this process; null: nowhere.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Null: the page is served without TLS.</summary>
    public PageCertificate? Certificate { get; init; }
}
