using System.IO.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>Settings of all services of a host.</summary>
public class GrpcServiceOptions
{
    /// <summary>Default limit of a received message: 4 MiB, as in every gRPC implementation.</summary>
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Bytes; a larger request is answered with RESOURCE_EXHAUSTED. Null: no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Bytes; a larger answer becomes RESOURCE_EXHAUSTED. Null: no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>True: the text of an unexpected exception goes to the client. Null and false: it stays in the log.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary><c>gzip</c>: compress answers to clients that accept it. Null: do not compress.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>True: unknown services and methods fall through to the host's other routes instead of being answered UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }
}

/// <summary>Settings of one service; they start as a copy of the host's.</summary>
/// <typeparam name="TService">The service.</typeparam>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class
{
}
