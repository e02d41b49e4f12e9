namespace Grpc.Net.Client;

/// <summary>Settings of a channel.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>Default limit of a received message: 4 MiB, as in every gRPC implementation.</summary>
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>
    /// Connects and speaks HTTP/2; null makes a <see cref="SocketsHttpHandler"/> of its own. Client certificates, unix sockets, keep-alive pings
    /// and the number of connections are set here.
    /// </summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Bytes; a larger answer ends the call with RESOURCE_EXHAUSTED. Null: no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Bytes; a larger request ends the call with RESOURCE_EXHAUSTED before it is sent. Null: no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>True: disposing the channel disposes <see cref="HttpHandler"/>. A handler the channel made itself is always disposed.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Source of now and of timers for deadlines; not in the real package.</summary>
    internal TimeProvider Time { get; set; } = TimeProvider.System;
}
