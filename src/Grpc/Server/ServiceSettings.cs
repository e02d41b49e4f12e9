using System.IO.Compression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server;

/// <summary>The options of one service, looked up once when it is mapped.</summary>
internal sealed record ServiceSettings(
    int MaxReceiveBytes, int MaxSendBytes, bool DetailedErrors, bool GzipByDefault, CompressionLevel GzipLevel, bool IgnoreUnknown, TimeProvider Time,
    ILogger Logger)
{
    public static ServiceSettings Of<TService>(IServiceProvider services)
        where TService : class
    {
        GrpcServiceOptions options = services.GetService<GrpcServiceOptionsMark<TService>>() is null
            ? services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value
            : services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value;
        bool gzip = options.ResponseCompressionAlgorithm switch
        {
            null or Core.Wire.WireNames.Identity => false,
            Core.Wire.WireNames.Gzip => true,
            string other => throw new InvalidOperationException($"The compression algorithm '{other}' is not known; gzip is."),
        };
        return new ServiceSettings(
            options.MaxReceiveMessageSize ?? int.MaxValue,
            options.MaxSendMessageSize ?? int.MaxValue,
            options.EnableDetailedErrors ?? false,
            gzip,
            options.ResponseCompressionLevel ?? CompressionLevel.Fastest,
            options.IgnoreUnknownServices ?? false,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server"));
    }
}
