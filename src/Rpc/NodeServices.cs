using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Skep.Rpc.Security;

namespace Skep.Rpc;

/// <summary>How every listener for other nodes serves gRPC: errors mapped at one edge, every call authorized, size limits by who calls.</summary>
public static class NodeServices
{
    /// <summary>A caller without certificate asks for a certificate; that is small.</summary>
    private const int AnonymousBytes = 64 << 10;

    private const int MessageBytes = 64 << 20;

    public static IGrpcServerBuilder AddNodeGrpc(this IServiceCollection services, IClusterMembers members)
    {
        services.AddSingleton(members).AddSingleton<CallAuthority>().AddSingleton<OpenStreams>().AddSingleton<CallErrorInterceptor>().AddSingleton<AuthorizationInterceptor>();
        return services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MessageBytes;
            // In this order: a refusal is an error like others.
            options.Interceptors.Add<CallErrorInterceptor>();
            options.Interceptors.Add<AuthorizationInterceptor>();
        });
    }

    /// <summary>To be called before services are mapped.</summary>
    public static void UseAnonymousLimit(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Connection.ClientCertificate is null && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = AnonymousBytes;
        }

        return next(http);
    });
}
