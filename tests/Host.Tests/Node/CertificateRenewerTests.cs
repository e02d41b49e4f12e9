using Skep.Host.Identity;
using Skep.Manager.Ca;
using Skep.Model;
using Skep.Rpc.Security;
using Skep.Testing;

namespace Skep.Host.Tests.Node;

/// <summary>When a node asks for its next certificate, in virtual time.</summary>
public sealed class CertificateRenewerTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ManualTimeProvider _time = new(Start);

    [Theory]
    [InlineData(90 * 24, 24)]
    [InlineData(1, 0.02)]
    public async Task Each_certificate_is_renewed_after_half_and_before_four_fifths_of_its_life(double lifetimeHours, double stepHours)
    {
        TimeSpan lifetime = TimeSpan.FromHours(lifetimeHours), backdate = TimeSpan.FromHours(1), step = TimeSpan.FromHours(stepHours);
        var renewals = new List<DateTimeOffset> { Start };
        var holder = new IdentityHolder(Issue(lifetime));
        await RunAsync(holder, _ => true, () => { holder.Replace(Issue(lifetime)); renewals.Add(_time.GetUtcNow()); return true; }, async () =>
        {
            for (int i = 0; i < 400; i++)
            {
                await AdvanceAsync(step);
                Assert.True(holder.Current.Certificate.NotAfter.ToUniversalTime() > _time.GetUtcNow().UtcDateTime);
            }
        });

        TimeSpan life = lifetime + backdate;
        Assert.True(renewals.Count >= 400 * step / lifetime, $"{renewals.Count} renewals");
        Assert.All(renewals.Zip(renewals.Skip(1)), p => Assert.InRange(p.Second - p.First, life * 0.5 - backdate, life * 0.8 - backdate + step));
    }

    [Fact]
    public async Task Managers_that_cannot_answer_are_asked_again_and_again()
    {
        int asked = 0;
        var holder = new IdentityHolder(Issue(TimeSpan.FromHours(1)));
        await RunAsync(holder, _ => true, () => { asked++; return false; }, async () =>
        {
            await AdvanceAsync(TimeSpan.FromMinutes(40));
            for (int i = 0; i < 20; i++)
            {
                await AdvanceAsync(TimeSpan.FromSeconds(30));
            }
        });

        Assert.InRange(asked, 15, 22);
    }

    [Fact]
    public async Task One_that_the_cluster_does_not_want_any_more_is_renewed_at_once()
    {
        bool isWanted = true;
        int asked = 0;
        var holder = new IdentityHolder(Issue(TimeSpan.FromDays(90)));
        var renewer = new CertificateRenewer(holder, _ => isWanted, _ => { asked++; isWanted = true; return Task.FromResult(true); }, _time, new Random(7));
        using var end = new CancellationTokenSource();
        Task running = renewer.RunAsync(end.Token);
        WaitForTimer();
        Assert.Equal(0, asked);

        isWanted = false;
        renewer.Look();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref asked) == 1, TimeSpan.FromSeconds(5)));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private async Task RunAsync(IdentityHolder holder, Func<NodeIdentity, bool> isWanted, Func<bool> renew, Func<Task> act)
    {
        using var end = new CancellationTokenSource();
        Task running = new CertificateRenewer(holder, isWanted, _ => Task.FromResult(renew()), _time, new Random(7)).RunAsync(end.Token);
        await act();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task AdvanceAsync(TimeSpan by)
    {
        WaitForTimer();
        _time.Advance(by);
        WaitForTimer();
        return Task.CompletedTask;
    }

    private void WaitForTimer() => Assert.True(SpinWait.SpinUntil(() => _time.ArmedTimers > 0, TimeSpan.FromSeconds(5)), "the renewer waits for nothing");

    private NodeIdentity Issue(TimeSpan lifetime) => ClusterBootstrap.Create(
        ClusterSpec.Default with { CertificateLifetime = lifetime }, NodeAvailability.Active, new Moment(_time.GetUtcNow(), IdSource.From(new Random(1)), new Random(1))).IssueFirst(_time.GetUtcNow());
}
