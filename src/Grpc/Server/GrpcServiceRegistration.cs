using Grpc.AspNetCore.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server
{
    /// <summary>Goes on configuring gRPC after AddGrpc.</summary>
    public interface IGrpcServerBuilder
    {
        Microsoft.Extensions.DependencyInjection.IServiceCollection Services { get; }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Registers what MapGrpcService needs.</summary>
    public static class GrpcServicesExtensions
    {
        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddRouting();
            services.AddOptions();
            services.TryAddSingleton<GrpcFallbackState>();
            return new Builder(services);
        }

        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services, Action<GrpcServiceOptions> configureOptions)
        {
            IGrpcServerBuilder builder = services.AddGrpc();
            services.Configure(configureOptions);
            return builder;
        }

        /// <summary>Settings for one service, on top of the host's.</summary>
        public static IGrpcServerBuilder AddServiceOptions<TService>(
            this IGrpcServerBuilder grpcBuilder, Action<GrpcServiceOptions<TService>> configure)
            where TService : class
        {
            ArgumentNullException.ThrowIfNull(grpcBuilder);
            grpcBuilder.Services.AddSingleton<IConfigureOptions<GrpcServiceOptions<TService>>>(services =>
                new ConfigureNamedOptions<GrpcServiceOptions<TService>>(
                    Options.Options.DefaultName,
                    own =>
                    {
                        CopyTo(services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value, own);
                        configure(own);
                    }));
            grpcBuilder.Services.AddSingleton(new GrpcServiceOptionsMark<TService>());
            return grpcBuilder;
        }

        private static void CopyTo(GrpcServiceOptions from, GrpcServiceOptions to)
        {
            to.MaxReceiveMessageSize = from.MaxReceiveMessageSize;
            to.MaxSendMessageSize = from.MaxSendMessageSize;
            to.EnableDetailedErrors = from.EnableDetailedErrors;
            to.ResponseCompressionAlgorithm = from.ResponseCompressionAlgorithm;
            to.ResponseCompressionLevel = from.ResponseCompressionLevel;
            to.IgnoreUnknownServices = from.IgnoreUnknownServices;
        }

        private sealed class Builder(IServiceCollection services) : IGrpcServerBuilder
        {
            public IServiceCollection Services { get; } = services;
        }
    }
}

namespace Grpc.AspNetCore.Server
{
    /// <summary>Says that options of its own were registered for a service.</summary>
    internal sealed class GrpcServiceOptionsMark<TService>;

    /// <summary>Whether the host's routes for unknown services exist already.</summary>
    internal sealed class GrpcFallbackState
    {
        private int _mapped;

        public bool TakeTurn() => Interlocked.Exchange(ref _mapped, 1) == 0;
    }
}
