using Microsoft.Extensions.Logging.Abstractions;
using Skep.Host.Node;
using Skep.Manager.Backup;
using Skep.Model;
using Skep.Testing;

namespace Skep.Host.Tests.Node;

public sealed class ScheduledBackupsTests : IDisposable
{
    private static readonly BackupSecret Secret = BackupSecret.OfKey(SensitiveBytes.From(new byte[32]));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("skep-backups-");
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _saved = new(0);
    private bool _isFull;

    [Fact]
    public async Task One_a_day_is_written_and_the_newest_stay()
    {
        Task running = Start();
        for (int day = 0; day < 4; day++)
        {
            await WrittenAsync();
            _time.Advance(TimeSpan.FromDays(1));
        }

        await WrittenAsync();
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["skep-20260103T000000Z.backup", "skep-20260104T000000Z.backup", "skep-20260105T000000Z.backup"], Names());
        await using FileStream file = File.OpenRead(Path.Combine(_directory.FullName, Names()[0]));
        Assert.Equal("state"u8.ToArray(), await BackupFile.ReadAsync(file, Secret, CancellationToken.None));
    }

    [Fact]
    public async Task A_failure_leaves_the_old_ones_and_is_tried_again()
    {
        Task running = Start();
        await WrittenAsync();
        _isFull = true;
        _time.Advance(TimeSpan.FromDays(1));
        await WrittenAsync();
        Assert.Equal(["skep-20260101T000000Z.backup"], Names());
        _isFull = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        await WrittenAsync();
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["skep-20260101T000000Z.backup", "skep-20260102T000100Z.backup"], Names());
    }

    [Fact]
    public async Task A_restart_writes_none_before_its_time()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "skep-20251231T130000Z.backup"), "");
        Task running = Start();
        await ArmedAsync();
        Assert.Single(Names());
        _time.Advance(TimeSpan.FromHours(13));
        await WrittenAsync();
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["skep-20251231T130000Z.backup", "skep-20260101T130000Z.backup"], Names());
    }

    public void Dispose()
    {
        _stop.Dispose();
        _saved.Dispose();
        _directory.Delete(recursive: true);
    }

    private Task Start() => Task.Run(() => new ScheduledBackups(new BackupPlan(_directory.FullName, TimeSpan.FromDays(1), 3, Secret), SaveAsync, _time, NullLogger.Instance).RunAsync(_stop.Token));

    private Task<byte[]> SaveAsync(CancellationToken ct)
    {
        _saved.Release();
        return _isFull ? throw new IOException("No space left on device") : Task.FromResult("state"u8.ToArray());
    }

    /// <summary>One attempt is over: the next wait has begun.</summary>
    private async Task WrittenAsync()
    {
        Assert.True(await _saved.WaitAsync(TimeSpan.FromSeconds(20)));
        await ArmedAsync();
    }

    private async Task ArmedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_time.ArmedTimers == 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private string[] Names() => [.. _directory.EnumerateFiles().Select(f => f.Name).Order(StringComparer.Ordinal)];
}
