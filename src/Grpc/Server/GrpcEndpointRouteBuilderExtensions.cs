using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves gRPC services as endpoints.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    private static readonly string[] Post = [HttpMethods.Post];

    /// <summary>
    /// Maps the methods of a service. <typeparamref name="TService"/> comes from dependency injection if it is registered there, else one is made
    /// (and disposed) for each call.
    /// </summary>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<
        [DynamicallyAccessedMembers(
            DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)]
    TService>(
        this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        GrpcFallbackState fallback = builder.ServiceProvider.GetService<GrpcFallbackState>()
            ?? throw new InvalidOperationException("Call AddGrpc on the service collection before MapGrpcService.");
        ServiceSettings settings = ServiceSettings.Of<TService>(builder.ServiceProvider);
        var binder = new EndpointBinder<TService>(settings);
        binder.Bind();

        var endpoints = new List<IEndpointConventionBuilder>();
        foreach (MethodHandler handler in binder.Handlers)
        {
            endpoints.Add(builder
                .MapMethods(handler.Method.FullName, Post, (RequestDelegate)handler.HandleAsync)
                .WithDisplayName($"gRPC - {handler.Method.FullName}")
                .WithMetadata(new GrpcMethodMetadata(typeof(TService), handler.Method)));
        }

        if (!settings.IgnoreUnknown)
            MapFallbacks(builder, binder.Handlers, fallback);
        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static void MapFallbacks(IEndpointRouteBuilder builder, List<MethodHandler> handlers, GrpcFallbackState fallback)
    {
        foreach (string service in handlers.Select(h => h.Method.ServiceName).Distinct(StringComparer.Ordinal))
            MapUnimplemented(builder, service + "/{unimplementedMethod}", $"gRPC - {service}: unknown method", "Method is unimplemented.");
        if (fallback.TakeTurn())
            MapUnimplemented(builder, "{unimplementedService}/{unimplementedMethod}", "gRPC - unknown service", "Service is unimplemented.");
    }

    private static void MapUnimplemented(IEndpointRouteBuilder builder, string pattern, string name, string detail)
    {
        // The constraint lets only gRPC requests in, so that the host's other two-segment routes are not shadowed.
        RoutePattern route = RoutePatternFactory.Parse(
            pattern, defaults: null, parameterPolicies: new RouteValueDictionary { ["unimplementedMethod"] = GrpcRequestConstraint.Instance });
        builder.Map(route, context => RequestCheck.AnswerUnimplemented(context, detail))
            .WithDisplayName(name)
            .Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = int.MaxValue);
    }

    private sealed class GrpcRequestConstraint : IRouteConstraint
    {
        public static readonly GrpcRequestConstraint Instance = new();

        public bool Match(
            HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            httpContext is not null
            && HttpMethods.IsPost(httpContext.Request.Method)
            && WireNames.IsGrpcContentType(httpContext.Request.ContentType);
    }
}

/// <summary>Adds conventions (authorization, host filters, metadata) to all methods of a service.</summary>
public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
{
    private readonly IReadOnlyList<IEndpointConventionBuilder> _endpoints;

    internal GrpcServiceEndpointConventionBuilder(IReadOnlyList<IEndpointConventionBuilder> endpoints) => _endpoints = endpoints;

    public void Add(Action<EndpointBuilder> convention)
    {
        foreach (IEndpointConventionBuilder endpoint in _endpoints)
            endpoint.Add(convention);
    }

    public void Finally(Action<EndpointBuilder> finallyConvention)
    {
        foreach (IEndpointConventionBuilder endpoint in _endpoints)
            endpoint.Finally(finallyConvention);
    }
}
