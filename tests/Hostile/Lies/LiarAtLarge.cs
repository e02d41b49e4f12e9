using System.Globalization;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Hostile.Lies;

/// <summary>A worker of a real cluster that says whatever it likes to every manager, as often as it can. tests/Chaos starts it, and looks what became of the others.</summary>
/// <remarks>SKEP_LIE_TO: host:port of managers, with spaces between; SKEP_LIE_TOKEN: a worker's join token; SKEP_LIE_MINUTES; SKEP_LIE_NAMES: ids of others, which mean something.</remarks>
public sealed class LiarAtLarge(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int SaidInSession = 200, ReportsInMessage = 20;
    private static readonly TaskState[] States = Enum.GetValues<TaskState>();
    private static readonly TimeSpan SessionLimit = TimeSpan.FromSeconds(20);

    [LiarFact]
    public async Task Lies_for_as_long_as_it_was_told_to()
    {
        string[] addresses = Variable("SKEP_LIE_TO").Split(' ');
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(double.Parse(Variable("SKEP_LIE_MINUTES"), CultureInfo.InvariantCulture)));
        (NodeIdentity identity, _) = await CertificateClient.JoinAsync(addresses[0], JoinToken.Parse(Variable("SKEP_LIE_TOKEN")), NodeAvailability.Active, TimeProvider.System, CancellationToken.None);
        var self = new IdentityHolder(identity);
        long sessions = 0, said = 0, calls = 0;
        using var channels = new NodeChannels(self, new Anybody(identity.Self.Cluster), TimeProvider.System);
        Task[] lying = [.. addresses.SelectMany((address, i) => new[]
        {
            LieAsync(lies =>
            {
                Interlocked.Increment(ref sessions);
                return LieInSessionAsync(channels.To(address, Callee.AnyManager), lies, () => Interlocked.Increment(ref said));
            }, i, end.Token),
            LieAsync(lies =>
            {
                Interlocked.Increment(ref calls);
                return LieInCallsAsync(channels.To(address, Callee.AnyManager), address, lies);
            }, 100 + i, end.Token),
        })];

        await Task.WhenAll(lying);

        output.WriteLine($"{sessions} sessions with {said} messages, {calls} rounds of all calls with a worker's certificate and with none");
        Assert.True(said > 0 && calls > 0);
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    private static async Task LieAsync(Func<RandomMessages, Task> lie, int seed, CancellationToken ct)
    {
        var random = new Random(seed);
        var lies = new RandomMessages(random) { Known = Variable("SKEP_LIE_NAMES").Split(' ') };
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await lie(lies);
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException or HttpRequestException or IOException)
            {
                // Refused, as it should be.
            }
        }
    }

    /// <summary>Begins well every other time, to be let in: then reports, descriptions and heartbeats of all kinds, as fast as they are taken.</summary>
    private static async Task LieInSessionAsync(CallInvoker calls, RandomMessages lies, Action said)
    {
        // Some sessions say only what the rules of messages allow, and are heard to the end; the lie is in what it says.
        bool isPlausible = lies.Toss();
        using var scope = new CancellationTokenSource(SessionLimit);
        using AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> call = new V1.Dispatch.DispatchClient(calls).Session(cancellationToken: scope.Token);
        Task reading = ReadAsync(call.ResponseStream, scope);
        await call.RequestStream.WriteAsync(new V1.AgentMessage { Hello = isPlausible || lies.Toss() ? Hello() : (V1.Hello)lies.Make(V1.Hello.Descriptor) }, scope.Token);
        for (int n = 0; n < SaidInSession; n++)
        {
            await call.RequestStream.WriteAsync(isPlausible ? Report(lies, (ulong)n + 1) : (V1.AgentMessage)lies.Make(V1.AgentMessage.Descriptor), scope.Token);
            said();
        }

        await call.RequestStream.CompleteAsync();
        await reading;
    }

    private static async Task ReadAsync(IAsyncStreamReader<V1.ManagerMessage> answers, CancellationTokenSource scope)
    {
        try
        {
            while (await answers.MoveNext(scope.Token))
            {
            }
        }
        catch (RpcException)
        {
            await scope.CancelAsync(); // Thrown out: what is still being said is not heard any more.
        }
    }

    private static async Task LieInCallsAsync(CallInvoker worker, string address, RandomMessages lies)
    {
        using Grpc.Net.Client.GrpcChannel nobody = NodeChannels.OpenWithoutIdentity(address, (_, _) => true);
        foreach (MethodDescriptor method in Calls.ServedCalls.All)
        {
            await Calls.ServedCalls.CallAsync(lies.Toss() ? worker : nobody.CreateCallInvoker(), method, lies.Make(method.InputType).ToByteArray());
        }
    }

    /// <summary>Of other nodes' tasks, in any state, with texts of all sizes.</summary>
    private static V1.AgentMessage Report(RandomMessages lies, ulong number)
    {
        var reports = new V1.StatusReports { Number = number };
        for (int n = 0; n < ReportsInMessage; n++)
        {
            var status = new SwarmTaskStatus(States[lies.Below(States.Length)], TimeProvider.System.GetUtcNow()) { Message = "as it was told", Error = new string('x', lies.Below(2_000)) };
            reports.Reports.Add(new TaskReport(new TaskId(lies.Known[lies.Below(lies.Known.Count)]), status).ToProto());
        }

        return new V1.AgentMessage { Reports = reports };
    }

    private static V1.Hello Hello() => new()
    {
        Description = new NodeDescription("liar", new Platform("x86_64", "linux"), new Resources(4_000_000_000, 8L << 30)) { PeerAddress = $"{IPAddress.Loopback}:9", DataPathAddress = $"{IPAddress.Loopback}" }.ToProto(),
    };

    /// <summary>Speaks to whoever answers.</summary>
    private sealed class Anybody(ClusterId cluster) : IClusterMembers
    {
        public ClusterId Cluster => cluster;

        public Task Changed { get; } = new TaskCompletionSource().Task;

        public Standing StandingOf(PeerIdentity holder) => holder.Role == NodeRole.Manager ? Standing.Manager : Standing.Worker;

        public Task RefreshAsync(CancellationToken ct) => Task.CompletedTask;
    }
}

/// <summary>Skipped, and said to be, when nobody tells it whom to lie to.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LiarFactAttribute : FactAttribute
{
    public LiarFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("SKEP_LIE_TO") is not { Length: > 0 })
        {
            Skip = "runs by hand: tests/Chaos says whom it lies to, and for how long";
        }
    }
}
