using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Logs;

/// <summary>Pumps every container's log when its spool grows: one inotify descriptor and one thread for all.</summary>
internal sealed class LogTailer : IDisposable
{
    /// <summary>A busy log is pumped this often, not at every write.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    private const int WakeMilliseconds = 250;
    private const uint OneShot = 0x80000000;

    private readonly SafeFileHandle _inotify = LibC.OpenInotify();
    private readonly ConcurrentDictionary<int, Tail> _byWatch = new();
    private readonly ConcurrentDictionary<ContainerLog, Tail> _byLog = new(ReferenceEqualityComparer.Instance);
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private volatile bool _ended;

    public LogTailer(TimeProvider time)
    {
        _time = time;
        _thread = new Thread(Listen) { IsBackground = true, Name = "skep-logs" };
        _thread.Start();
    }

    /// <summary>Takes a log into care; what is in its spool already is pumped at once.</summary>
    public void Add(ContainerLog log)
    {
        var tail = new Tail(log);
        if (_byLog.TryAdd(log, tail))
        {
            Wake(tail);
        }
    }

    /// <summary>Lets go of a log; its last pump has ended when this returns.</summary>
    public async Task RemoveAsync(ContainerLog log)
    {
        if (!_byLog.TryRemove(log, out Tail? tail))
        {
            return;
        }

        tail.IsRemoved = true;
        if (tail.Watch is { } watch)
        {
            _byWatch.TryRemove(watch, out _);
            LibC.Unwatch(_inotify, watch);
        }

        await tail.Pumping.SuppressThrowingAsync();
    }

    public void Dispose()
    {
        _ended = true;
        _thread.Join();
        _inotify.Dispose();
    }

    private void Wake(Tail tail)
    {
        // Those who follow bytes, a terminal's for instance, do not wait for the pace of lines.
        tail.Log.SignalWritten();
        tail.Pumping = Task.Run(() => PumpAsync(tail));
    }

    private async Task PumpAsync(Tail tail)
    {
        TimeSpan since = _time.GetElapsedTime(tail.LastPump);
        if (tail.LastPump != 0 && since < Pace)
        {
            await Task.Delay(Pace - since, _time);
        }

        tail.LastPump = _time.GetTimestamp();
        if (tail.IsRemoved)
        {
            return;
        }
        // Armed before reading: what is written while we read wakes us again.
        bool isArmed = TryArm(tail);
        tail.Log.Pump();
        if (!isArmed)
        {
            Wake(tail);
        }
    }

    /// <returns>False when the kernel has no more watches for us: then the log is looked at again and again.</returns>
    private bool TryArm(Tail tail)
    {
        try
        {
            int watch = LibC.Watch(_inotify, tail.Log.SpoolDirectory, LibC.InModify | OneShot);
            tail.Watch = watch;
            _byWatch[watch] = tail;
            return true;
        }
        catch (IOException) when (Directory.Exists(tail.Log.SpoolDirectory))
        {
            return false;
        }
    }

    private void Listen()
    {
        byte[] buffer = new byte[16 * 1024];
        while (!_ended)
        {
            if (!LibC.CanRead(_inotify, WakeMilliseconds))
            {
                continue;
            }

            int read = RandomAccess.Read(_inotify, buffer, 0);
            for (int at = 0; at + 16 <= read;)
            {
                int watch = MemoryMarshal.Read<int>(buffer.AsSpan(at));
                uint mask = MemoryMarshal.Read<uint>(buffer.AsSpan(at + 4));
                at += 16 + MemoryMarshal.Read<int>(buffer.AsSpan(at + 12));
                if ((mask & LibC.InModify) != 0 && _byWatch.TryRemove(watch, out Tail? tail) && !tail.IsRemoved)
                {
                    Wake(tail);
                }
            }
        }
    }

    private sealed class Tail(ContainerLog log)
    {
        public ContainerLog Log { get; } = log;

        public int? Watch { get; set; }

        public long LastPump { get; set; }

        public volatile bool IsRemoved;

        public volatile Task Pumping = Task.CompletedTask;
    }
}
