using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>One call on the server: what the handler sees. How it writes and ends is in the other parts of this class.</summary>
internal sealed partial class HttpContextServerCallContext : ServerCallContext
{
    private readonly IMethod _method;
    private readonly ServiceSettings _settings;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private Status _status = Status.DefaultSuccess;
    private WriteOptions? _writeOptions;
    private DateTime _deadline = DateTime.MaxValue;

    public HttpContextServerCallContext(HttpContext httpContext, IMethod method, ServiceSettings settings)
    {
        HttpContext = httpContext;
        _method = method;
        _settings = settings;
        _token = httpContext.RequestAborted;
        _frames = new FrameWriter(httpContext.Response.BodyWriter, settings.MaxSendBytes);
        string? encoding = httpContext.Request.Headers[WireNames.Encoding];
        Reader = new FrameReader(httpContext.Request.BodyReader, encoding, settings.MaxReceiveBytes);
    }

    public HttpContext HttpContext { get; }

    public FrameReader Reader { get; }

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => field ??= DescribePeer();

    protected override DateTime DeadlineCore => _deadline;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadRequestHeaders();

    protected override CancellationToken CancellationTokenCore => _token;

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore
    {
        get => _status;
        set => _status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => _writeOptions;
        set => _writeOptions = value;
    }

    private Metadata ReadRequestHeaders()
    {
        var metadata = new Metadata();
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in HttpContext.Request.Headers)
        {
            foreach (string? value in values)
                MetadataCodec.Add(metadata, name, value);
        }

        return metadata.Freeze();
    }

    private string DescribePeer()
    {
        ConnectionInfo connection = HttpContext.Connection;
        if (connection.RemoteIpAddress is { } address)
        {
            return address.AddressFamily == AddressFamily.InterNetworkV6
                ? $"ipv6:[{address}]:{connection.RemotePort}"
                : $"ipv4:{address}:{connection.RemotePort}";
        }

        // A client of a unix socket has no address; the socket's own path says where it came in.
        return HttpContext.Features.Get<IConnectionSocketFeature>()?.Socket.LocalEndPoint is UnixDomainSocketEndPoint unix ? $"unix:{unix}" : "unknown";
    }
}
