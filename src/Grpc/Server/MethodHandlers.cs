using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace Grpc.AspNetCore.Server;

internal delegate Task<TResponse> UnaryInvoker<TService, TRequest, TResponse>(TService service, TRequest request, ServerCallContext call);

internal delegate Task<TResponse> ClientStreamingInvoker<TService, TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> requests, ServerCallContext call);

internal delegate Task ServerStreamingInvoker<TService, TRequest, TResponse>(
    TService service, TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext call);

internal delegate Task DuplexStreamingInvoker<TService, TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext call);

internal sealed class UnaryHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServiceActivator<TService> activator, ServiceSettings settings, UnaryInvoker<TService, TRequest, TResponse> invoker)
    : MethodHandler(method, settings)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        TRequest request = await ReadSingleAsync(call, method.RequestMarshaller.ContextualDeserializer).ConfigureAwait(false);
        ServiceLease<TService> service = activator.Create(call.HttpContext.RequestServices);
        TResponse response;
        try
        {
            response = await invoker(service.Instance, request, call).ConfigureAwait(false);
        }
        finally
        {
            await service.ReleaseAsync().ConfigureAwait(false);
        }

        await WriteSingleAsync(call, response, method.ResponseMarshaller.ContextualSerializer).ConfigureAwait(false);
    }
}

internal sealed class ClientStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServiceActivator<TService> activator, ServiceSettings settings,
    ClientStreamingInvoker<TService, TRequest, TResponse> invoker)
    : MethodHandler(method, settings)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        ServiceLease<TService> service = activator.Create(call.HttpContext.RequestServices);
        TResponse response;
        try
        {
            response = await invoker(service.Instance, requests, call).ConfigureAwait(false);
        }
        finally
        {
            await service.ReleaseAsync().ConfigureAwait(false);
        }

        await WriteSingleAsync(call, response, method.ResponseMarshaller.ContextualSerializer).ConfigureAwait(false);
    }
}

internal sealed class ServerStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServiceActivator<TService> activator, ServiceSettings settings,
    ServerStreamingInvoker<TService, TRequest, TResponse> invoker)
    : MethodHandler(method, settings)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        TRequest request = await ReadSingleAsync(call, method.RequestMarshaller.ContextualDeserializer).ConfigureAwait(false);
        var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        ServiceLease<TService> service = activator.Create(call.HttpContext.RequestServices);
        try
        {
            await invoker(service.Instance, request, responses, call).ConfigureAwait(false);
        }
        finally
        {
            await service.ReleaseAsync().ConfigureAwait(false);
        }
    }
}

internal sealed class DuplexStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServiceActivator<TService> activator, ServiceSettings settings,
    DuplexStreamingInvoker<TService, TRequest, TResponse> invoker)
    : MethodHandler(method, settings)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(HttpContextServerCallContext call)
    {
        var requests = new ServerStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        var responses = new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        ServiceLease<TService> service = activator.Create(call.HttpContext.RequestServices);
        try
        {
            await invoker(service.Instance, requests, responses, call).ConfigureAwait(false);
        }
        finally
        {
            await service.ReleaseAsync().ConfigureAwait(false);
        }
    }
}
