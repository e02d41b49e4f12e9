using System.Reflection;
using Google.Protobuf.Reflection;
using Skep.Engine.Containerd;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Tests;

public sealed class ContainerdChannelsTests
{
    /// <summary>A stream that is repeated as a unary call is holds back what was read, and begins again from the start.</summary>
    [Fact]
    public void Every_stream_of_containerds_services_is_exempt_from_repetition()
    {
        IEnumerable<string> streams = typeof(Cd.Containers).Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(Cd.Containers).Namespace)
            .Select(t => t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<ServiceDescriptor>()
            .SelectMany(s => s.Methods)
            .Where(m => m.IsClientStreaming || m.IsServerStreaming)
            .Select(m => m.FullName);
        Assert.Equal(streams.Order(StringComparer.Ordinal), ContainerdChannels.Streams.Select(m => m.FullName).Order(StringComparer.Ordinal));
    }
}
