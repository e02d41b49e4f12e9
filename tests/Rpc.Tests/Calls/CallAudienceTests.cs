using System.Reflection;
using Google.Protobuf.Reflection;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Calls;

public sealed class CallAudienceTests
{
    /// <summary>Every method of every service a node serves to others, from the descriptors.</summary>
    private static string[] Served =>
    [
        .. new[] { typeof(V1.Raft).Assembly, typeof(Grpc.Health.V1.Health).Assembly }
            .SelectMany(a => a.GetTypes())
            .Select(t => t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<ServiceDescriptor>()
            .Where(s => !s.FullName.StartsWith("containerd.", StringComparison.Ordinal))
            .SelectMany(s => s.Methods)
            .Select(m => $"/{m.Service.FullName}/{m.Name}")
            .Order(StringComparer.Ordinal),
    ];

    [Fact]
    public void Every_method_has_an_audience()
    {
        Assert.Contains("/skep.v1.Raft/Messages", Served);
        Assert.DoesNotContain(Served, m => CallAudiences.Of(m) is null);
    }

    [Fact]
    public void No_audience_is_of_a_method_that_is_gone() => Assert.Empty(CallAudiences.Methods.Except(Served));

    [Theory]
    [InlineData("/skep.v1.Raft/Unheard")]
    [InlineData("/skep.v1.raft/Messages")]
    [InlineData("skep.v1.Raft/Messages")]
    [InlineData("")]
    public void What_is_not_listed_is_nobodys(string method) => Assert.Null(CallAudiences.Of(method));
}
