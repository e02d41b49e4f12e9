using Microsoft.Extensions.Logging;
using Skep.Overlay.Dns;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>The tasks that are answered in this process, and the picture they are answered from. Used by one thread; the answering is done by others.</summary>
/// <param name="doors">Opens sockets in the tasks' namespaces.</param>
/// <param name="counts">Of the questions asked; remains the caller's, for as long as the process lives.</param>
internal sealed class NameServer(KernelThread doors, DnsCounts counts, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(6);

    private readonly SortedDictionary<TaskId, ServedTask> _held = [];
    private volatile NamesState? _picture;

    private sealed record ServedTask(FileDescriptor Udp, FileDescriptor Tcp, FileDescriptor Space)
    {
        public DnsServer? Server { get; set; }
    }

    public OverlayOptions Settings { get; set; } = new();

    /// <summary>The host's namespace.</summary>
    public FileDescriptor Host { get; set; } = doors.Home;

    public NamesState? Picture => _picture;

    public bool IsEmpty => _held.Count == 0;

    /// <summary>The files of every task, to lend them to somebody else. They remain open here.</summary>
    public IEnumerable<KeyValuePair<TaskId, FileDescriptor[]>> Tasks => _held.Select(h => KeyValuePair.Create(h.Key, (FileDescriptor[])[h.Value.Udp, h.Value.Tcp, h.Value.Space]));

    /// <summary>Takes the files over. Call <see cref="Update"/> to have the task answered.</summary>
    public void Add(TaskId task, FileDescriptor udp, FileDescriptor tcp, FileDescriptor space)
    {
        Drop(task);
        _held[task] = new ServedTask(udp, tcp, space);
    }

    /// <summary>Closes a task's files, which would keep its namespace alive.</summary>
    public void Drop(TaskId task)
    {
        if (!_held.Remove(task, out ServedTask? held))
        {
            return;
        }

        held.Server?.Dispose();
        held.Udp.Dispose();
        held.Tcp.Dispose();
        held.Space.Dispose();
    }

    /// <summary>Answers from a new picture, and now also those tasks that are in it for the first time: before, the truth about them was not known, and
    /// a question that waits in its socket is better than a wrong answer.</summary>
    public void Update(NamesState? picture)
    {
        _picture = picture;
        if (picture is null)
        {
            return;
        }

        foreach ((TaskId task, ServedTask held) in _held)
        {
            if (held.Server is null && picture.Tasks.ContainsKey(task))
            {
                held.Server = Serve(task, held);
            }
        }
    }

    /// <summary>Somebody else reads the same sockets: reads no more, answers what was read.</summary>
    public void Retire()
    {
        DnsServer[] servers = [.. _held.Values.Select(h => h.Server).OfType<DnsServer>()];
        foreach (DnsServer server in servers)
        {
            server.StopHearing();
        }

        long since = time.GetTimestamp();
        while (servers.Any(s => s.Begun > 0) && time.GetElapsedTime(since) < LastAnswers)
        {
            Thread.Sleep(20);
        }
    }

    public void Dispose()
    {
        foreach (TaskId task in _held.Keys.ToList())
        {
            Drop(task);
        }
    }

    private DnsServer Serve(TaskId task, ServedTask held)
    {
        var forwarder = new DnsForwarder(Settings, time, doors, held.Space, Host);
        return new DnsServer(task, LibC.Duplicate(held.Udp), LibC.Duplicate(held.Tcp), () => _picture, Settings, time, forwarder, counts, logger);
    }
}
