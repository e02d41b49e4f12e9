using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>A service for one call; disposed afterwards only if it was made for it.</summary>
internal readonly record struct ServiceLease<TService>(TService Instance, bool IsOurs)
    where TService : class
{
    public ValueTask ReleaseAsync()
    {
        if (IsOurs && Instance is IAsyncDisposable asyncDisposable)
            return asyncDisposable.DisposeAsync();
        if (IsOurs && Instance is IDisposable disposable)
            disposable.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Finds the service in dependency injection, else makes one.</summary>
internal sealed class ServiceActivator<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService>
    where TService : class
{
    private readonly Lazy<ObjectFactory<TService>> _factory = new(static () => ActivatorUtilities.CreateFactory<TService>([]));

    public ServiceLease<TService> Create(IServiceProvider services) => services.GetService<TService>() is { } registered
        ? new ServiceLease<TService>(registered, IsOurs: false)
        : new ServiceLease<TService>(_factory.Value(services, []), IsOurs: true);
}
