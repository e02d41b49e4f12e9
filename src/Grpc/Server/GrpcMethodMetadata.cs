using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>On the endpoint of each method; middleware reads it to know what is called.</summary>
public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
{
    /// <summary>The implementation's type.</summary>
    public Type ServiceType { get; } = serviceType;

    public IMethod Method { get; } = method;
}
