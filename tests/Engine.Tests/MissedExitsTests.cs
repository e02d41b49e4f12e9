using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Tests.Support;
using Skep.Testing;
using Skep.Testing.Clusters;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Tests;

public sealed class MissedExitsTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly ExitCache _exits = new();
    private readonly Dictionary<string, Func<Cd.ProcessState?>> _states = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly List<string> _asked = [];

    [Fact]
    public async Task A_process_that_containerd_cannot_speak_of_hides_no_other_ones_end()
    {
        Task<ProcessExit>[] ends = [.. Enumerable.Range(0, 40).Select(i => Await($"c{i}", Stopped(i)))];
        Task<ProcessExit> broken = Await("broken", () => throw new RpcException(new Status(StatusCode.Unknown, "shim gone")));
        Task<ProcessExit> running = Await("running", () => new Cd.ProcessState { Status = Cd.ProcessStatus.Running });
        Task<ProcessExit> lost = Await("lost", () => null);
        IReadOnlyCollection<ProcessKey> silent = await Missed().CheckAllAsync(CancellationToken.None);
        Assert.Equal([ProcessKey.Main("broken")], silent);
        Assert.Equal(Enumerable.Range(0, 40), (await Task.WhenAll(ends)).Select(e => e.Code));
        Assert.Equal(ProcessExit.Unknown, (await lost).Code);
        Assert.Equal((false, false), (broken.IsCompleted, running.IsCompleted));
        Assert.Contains("shim gone", Assert.Single(_log.Lines).Text);
    }

    [Fact]
    public async Task What_could_not_be_answered_is_asked_again_ever_more_slowly_until_it_is()
    {
        int left = 4;
        Task<ProcessExit> end = Await("c", () => left-- > 0 ? throw new RpcException(new Status(StatusCode.Unknown, "not yet")) : Stopped(7)());
        Task<ProcessExit> forgotten = Await("f", () => throw new RpcException(new Status(StatusCode.Unknown, "never")));
        MissedExits missed = Missed();
        IReadOnlyCollection<ProcessKey> silent = await missed.CheckAllAsync(CancellationToken.None);
        Task retrying = missed.RetryAsync(silent, CancellationToken.None);
        _exits.Forget(ProcessKey.Main("f"));
        foreach (int milliseconds in (int[])[200, 400, 800])
        {
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            int before = _asked.Count;
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Eventually.TrueAsync(() => Task.FromResult(_time.ArmedTimers > 0), TimeSpan.FromSeconds(5), () => "the next pause");
            Assert.Equal(before + 1, _asked.Count);
        }

        Assert.False(end.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1600));
        await retrying;
        Assert.Equal(7, (await end).Code);
        Assert.False(forgotten.IsCompleted);
        Assert.Single(_asked, "f");
    }

    private MissedExits Missed() => new(
        _exits,
        (key, _) =>
        {
            lock (_gate)
            {
                _asked.Add(key.Container);
            }

            return Task.FromResult(_states[key.Container]());
        },
        _time,
        _log);

    private Task<ProcessExit> Await(string container, Func<Cd.ProcessState?> state)
    {
        _states[container] = state;
        return _exits.WhenEnded(ProcessKey.Main(container));
    }

    private static Func<Cd.ProcessState?> Stopped(int code) => () => new Cd.ProcessState { Status = Cd.ProcessStatus.Stopped, ExitStatus = (uint)code };
}
