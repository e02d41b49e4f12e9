using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>Receives a service's methods from its generated BindService and makes a handler for each. All reflection of the server is here, once at start.</summary>
internal sealed class EndpointBinder<
    [DynamicallyAccessedMembers(
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)]
TService>(ServiceSettings settings)
    : ServiceBinderBase
    where TService : class
{
    private readonly ServiceActivator<TService> _activator = new();

    public List<MethodHandler> Handlers { get; } = [];

    /// <exception cref="InvalidOperationException"><typeparamref name="TService"/> does not derive from a generated service base.</exception>
    public void Bind()
    {
        BindServiceMethodAttribute attribute = FindAttribute()
            ?? throw new InvalidOperationException($"{typeof(TService)} does not derive from a generated gRPC service base class.");
        MethodInfo bind = attribute.BindType
                .GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
                .FirstOrDefault(m => string.Equals(m.Name, attribute.BindMethodName, StringComparison.Ordinal)
                    && m.GetParameters() is [{ } binder, _]
                    && binder.ParameterType == typeof(ServiceBinderBase))
            ?? throw new InvalidOperationException($"{attribute.BindType} has no method {attribute.BindMethodName}(ServiceBinderBase, service).");
        bind.Invoke(null, [this, null]);
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new UnaryHandler<TService, TRequest, TResponse>(
            method, _activator, settings,
            Find(method, typeof(TRequest), typeof(ServerCallContext)).CreateDelegate<UnaryInvoker<TService, TRequest, TResponse>>()));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new ClientStreamingHandler<TService, TRequest, TResponse>(
            method, _activator, settings,
            Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext))
                .CreateDelegate<ClientStreamingInvoker<TService, TRequest, TResponse>>()));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new ServerStreamingHandler<TService, TRequest, TResponse>(
            method, _activator, settings,
            Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))
                .CreateDelegate<ServerStreamingInvoker<TService, TRequest, TResponse>>()));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new DuplexStreamingHandler<TService, TRequest, TResponse>(
            method, _activator, settings,
            Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))
                .CreateDelegate<DuplexStreamingInvoker<TService, TRequest, TResponse>>()));

    private static BindServiceMethodAttribute? FindAttribute()
    {
        for (Type? type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
                return attribute;
        }

        return null;
    }

    private static MethodInfo Find(IMethod method, params Type[] parameters) =>
        typeof(TService).GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance, parameters)
        ?? throw new InvalidOperationException($"{typeof(TService)} has no method {method.Name} for {method.FullName}.");
}
