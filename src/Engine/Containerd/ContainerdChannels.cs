using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>Two channels on the same connections to containerd: one that asks again while the daemon is away, one that asks once.</summary>
/// <remarks>
/// Unary calls only are repeated: nearly all we make are safe to repeat, since a repeated create answers ALREADY_EXISTS and a repeated delete NOT_FOUND.
/// For those that are not, there is <see cref="Once"/>: a retry policy goes by the method, not by the call.
/// </remarks>
internal sealed class ContainerdChannels : IDisposable
{
    /// <summary>
    /// KiB. Errors come in headers, and containerd's repeat what was asked: names, arguments of a spec. One too long for us would break the connection, and with it
    /// the events of all containers. Specs have at most 1 MiB, of which each byte may take three.
    /// </summary>
    private const int LongestHeaders = 8 * 1024;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly SocketsHttpHandler _connections;

    /// <param name="patience">How long calls are repeated while nobody listens on the socket.</param>
    [SuppressMessage("Usage", "CA2262:Set MaxResponseHeadersLength properly", Justification = "KiB are meant.")]
    public ContainerdChannels(string socketPath, TimeSpan patience)
    {
        _connections = new SocketsHttpHandler
        {
            // containerd allows some hundred streams on a connection; it takes no keep-alive pings.
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            MaxResponseHeadersLength = LongestHeaders,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        // A pause is drawn between nothing and its limit, so half the longest on the average.
        int attempts = Math.Max(2, (int)(patience / (LongestPause / 2)) + 5);
        Repeated = Open(attempts, Repeating(attempts));
        Once = Open(attempts: null, config: null);
    }

    /// <summary>Calls that are never repeated here: whoever makes them goes on where one broke off.</summary>
    public static IEnumerable<MethodDescriptor> Streams
        => ((ServiceDescriptor[])[Cd.Containers.Descriptor, Cd.Content.Descriptor, Cd.Events.Descriptor, Cd.Snapshots.Descriptor])
            .SelectMany(s => s.Methods).Where(m => m.IsClientStreaming || m.IsServerStreaming);

    public GrpcChannel Repeated { get; }

    public GrpcChannel Once { get; }

    public void Dispose()
    {
        Repeated.Dispose();
        Once.Dispose();
        _connections.Dispose();
    }

    private static ServiceConfig Repeating(int attempts)
    {
        var unary = new MethodConfig
        {
            Names = { MethodName.Default },
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = attempts,
                InitialBackoff = TimeSpan.FromMilliseconds(20),
                MaxBackoff = LongestPause,
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        var streams = new MethodConfig();
        foreach (MethodDescriptor method in Streams)
        {
            streams.Names.Add(new MethodName { Service = method.Service.FullName, Method = method.Name });
        }

        return new ServiceConfig { MethodConfigs = { unary, streams } };
    }

    private GrpcChannel Open(int? attempts, ServiceConfig? config) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = _connections,
        DisposeHttpClient = false,
        MaxReceiveMessageSize = 16 * 1024 * 1024,
        MaxRetryAttempts = attempts,
        ServiceConfig = config,
    });
}
