using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>skepd's side of the names program: starts it when it is needed, and has it know what this process wants it to know.</summary>
/// <remarks>What is wanted is kept here; one thread compares it with what the program was told and sends the difference, so that a program that died or
/// hangs is replaced by doing the same again. The tasks' sockets stay open in this process too: whatever happens to the program, their questions wait.</remarks>
internal sealed class NameServerProcess : INameServer
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(200);

    private readonly OverlayOptions _options;
    private readonly NamesOptions _names;
    private readonly string _path;
    private readonly FileDescriptor _host;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileDescriptor _wake = LibC.NewEvent();
    private readonly Dictionary<TaskId, NamesMessage> _left = [];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<TaskId, SandboxNamespace> _wanted = [];
    private NamesState? _picture;
    private bool _isEnding;

    // Of the thread, once it runs.
    private Thread? _thread;
    private NamesSocket? _socket, _former;
    private readonly Dictionary<TaskId, SandboxNamespace?> _told = [];
    private NamesState? _shown;
    private bool _isSettled;

    /// <summary>Finds the program of an earlier run, if there is one, and learns what it holds.</summary>
    public NameServerProcess(OverlayOptions options, NamesOptions names, FileDescriptor host, TimeProvider time, ILogger logger)
    {
        (_options, _names, _host, _time, _logger) = (options, names, host, time, logger);
        _path = Path.Combine(options.RunDirectory, "names.sock");
        try
        {
            _socket = NamesSocket.Connect(_path, names.Patience);
            if (_socket is not null && Handshake(_socket) != NamesProgram.Build)
            {
                LeaveFormer();
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            Lose(e);
        }
    }

    public (FileDescriptor Udp, FileDescriptor Tcp)? Adopt(TaskId task, FileDescriptor space)
    {
        if (!_left.TryGetValue(task, out NamesMessage? left) || Identity(left.Files[2]) != Identity(space))
        {
            return null;
        }

        _left.Remove(task);
        left.Files[2].Dispose();
        return (left.Files[0], left.Files[1]);
    }

    public void Begin()
    {
        foreach (TaskId task in _told.Keys.ToList())
        {
            _told[task] = _left.Remove(task, out NamesMessage? unknown) ? Close(unknown) : _wanted.GetValueOrDefault(task);
        }

        foreach (NamesMessage unknown in _left.Values)
        {
            Close(unknown);
        }

        _left.Clear();
        _thread = new Thread(Loop) { IsBackground = true, Name = "skep-names" };
        _thread.Start();

        static SandboxNamespace? Close(NamesMessage frame)
        {
            foreach (FileDescriptor file in frame.Files)
            {
                file.Dispose();
            }

            return null;
        }
    }

    public void Add(TaskId task, SandboxNamespace sandbox)
    {
        lock (_gate)
        {
            _wanted[task] = sandbox;
        }

        LibC.Signal(_wake);
    }

    public void Drop(TaskId task)
    {
        lock (_gate)
        {
            _wanted.Remove(task);
        }

        LibC.Signal(_wake);
    }

    public void Update(NamesState picture)
    {
        lock (_gate)
        {
            _picture = picture;
        }

        LibC.Signal(_wake);
    }

    /// <summary>Leaves the program with what it holds; ends it when that is nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
        }

        LibC.Signal(_wake);
        _thread?.Join();
        _socket?.Dispose();
        _former?.Dispose();
        _wake.Dispose();
    }

    private static bool IsExpected(Exception e) => e is KernelException or InvalidDataException or EndOfStreamException or IOException or Win32Exception;

    private static string? Identity(FileDescriptor file) => new FileInfo($"/proc/self/fd/{file.Value}").LinkTarget;

    private void Loop()
    {
        while (true)
        {
            KeyValuePair<TaskId, SandboxNamespace>[] wanted;
            NamesState? picture;
            bool isEnding;
            LibC.Reset(_wake);
            lock (_gate)
            {
                (wanted, picture, isEnding) = ([.. _wanted], _picture, _isEnding);
            }

            TimeSpan? again = null;
            try
            {
                Converge(wanted, picture, mayStart: !isEnding);
                if (isEnding && wanted.Length == 0)
                {
                    End();
                }
            }
            catch (ObjectDisposedException)
            {
                again = TimeSpan.Zero; // a task went meanwhile: the next look does not find it
            }
            catch (Exception e) when (IsExpected(e))
            {
                Lose(e);
                again = Pause;
            }
            if (isEnding)
            {
                return;
            }

            if (_socket is null)
            {
                LibC.Poll(_wake, null, again);
            }
            else if (LibC.Poll(_wake, _socket.File, again).Second)
            {
                Lose(new EndOfStreamException("it ended")); // it speaks only when asked
            }
        }
    }

    private void Converge(KeyValuePair<TaskId, SandboxNamespace>[] wanted, NamesState? picture, bool mayStart)
    {
        if (_socket is null && wanted.Length > 0 && mayStart)
        {
            _socket = Start();
        }

        if (_socket is null)
        {
            return;
        }

        bool isChanged = !_isSettled;
        if (!_isSettled)
        {
            _socket.Send(NamesSettings.Write(_options) with { Files = [_host] });
        }

        _isSettled = true;
        foreach (TaskId task in _told.Keys.Except(wanted.Select(w => w.Key)).ToList())
        {
            _socket.Send(NamesMessage.Of(NamesMessageKind.Drop, task));
            _told.Remove(task);
            isChanged = true;
        }
        foreach ((TaskId task, SandboxNamespace sandbox) in wanted.Where(w => _told.GetValueOrDefault(w.Key) != w.Value))
        {
            _socket.Send(NamesMessage.Of(NamesMessageKind.Hold, task) with { Files = [sandbox.DnsUdp, sandbox.DnsTcp, sandbox.Handle.File] });
            _told[task] = sandbox;
            isChanged = true;
        }
        if (picture is not null && !ReferenceEquals(picture, _shown))
        {
            if (_shown is null)
            {
                _socket.Send(NamesMessage.Of(NamesMessageKind.Fresh));
            }

            foreach (NamesMessage change in NamesDelta.Between(_shown ?? NamesState.Empty, picture))
            {
                _socket.Send(change);
            }

            _shown = picture;
            isChanged = true;
        }
        if (isChanged)
        {
            Sync(_socket);
        }

        Retire();
    }

    private static void Sync(NamesSocket socket)
    {
        socket.Send(NamesMessage.Of(NamesMessageKind.Sync));
        if (socket.Receive() is not { Verb: NamesMessageKind.Sync })
        {
            throw new EndOfStreamException("it ended");
        }
    }

    /// <summary>Its successor answers: the former program may end.</summary>
    private void Retire()
    {
        if (_former is null)
        {
            return;
        }

        try
        {
            _former.Send(NamesMessage.Of(NamesMessageKind.Retire));
        }
        catch (KernelException e)
        {
            OverlayLog.NamesLost(_logger, e); // it is gone already
        }
        _former.Dispose();
        _former = null;
    }

    /// <summary>Ends the program and waits until it has closed everything.</summary>
    private void End()
    {
        foreach (NamesSocket socket in new[] { _socket, _former }.OfType<NamesSocket>())
        {
            socket.Send(NamesMessage.Of(NamesMessageKind.End));
            while (socket.Receive() is not null)
            {
                // what it said before it heard us
            }
        }
    }

    /// <summary>Learns what a program holds.</summary>
    /// <returns>Its build.</returns>
    private string Handshake(NamesSocket socket)
    {
        string build = "";
        while (true)
        {
            switch (socket.Receive())
            {
                case { Verb: NamesMessageKind.Hello } hello:
                    using (BinaryReader reader = hello.Read())
                    {
                        build = reader.ReadString();
                    }

                    break;
                case { Verb: NamesMessageKind.Held } held:
                    _left[held.ReadTask()] = held;
                    _told[held.ReadTask()] = null;
                    break;
                case { Verb: NamesMessageKind.Listed }:
                    return build;
                case null:
                    throw new EndOfStreamException("it ended");
            }
        }
    }

    /// <summary>The program found is of another version: a new one gets its sockets and, until a manager speaks, its picture.</summary>
    private void LeaveFormer()
    {
        (_former, _socket) = (_socket, null);
        _told.Clear();
        _former!.Send(NamesMessage.Of(NamesMessageKind.Tell));
        NamesState picture = NamesState.Empty;
        while (_former.Receive() is { } frame && frame.Verb != NamesMessageKind.Listed)
        {
            picture = NamesDelta.Apply(picture, frame);
        }

        _picture = picture;
    }

    private NamesSocket Start()
    {
        var start = new ProcessStartInfo(_names.Program, [.. _names.Arguments, _path]) { UseShellExecute = false, WorkingDirectory = "/" };
        // A process that sleeps nearly always, and shares its machine with the tasks: one thread for sockets, no compiling in the background, little garbage kept.
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[("GCGen0MaxBudget", "40000"), ("GCConserveMemory", "9"), ("SYSTEM_NET_SOCKETS_THREAD_COUNT", "1"), ("TieredCompilation", "0"), ("EnableDiagnostics", "0")])
        {
            start.Environment[$"DOTNET_{name}"] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidDataException($"{_names.Program} did not start");
        long since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < StartLimit && !process.HasExited)
        {
            // Not before it says so: at the same path a former one may still listen.
            if (Listens(process.Id) && NamesSocket.Connect(_path, _names.Patience) is { } socket)
            {
                Handshake(socket);
                OverlayLog.NamesStarted(_logger, process.Id);
                (_isSettled, _shown) = (false, null);
                return socket;
            }
            Thread.Sleep(10);
        }
        if (!process.HasExited)
        {
            LibC.Kill(process.Id);
        }

        throw new InvalidDataException($"{_names.Program} did not answer; see {Path.ChangeExtension(_path, ".log")}");
    }

    private bool Listens(int process)
    {
        string file = Path.ChangeExtension(_path, ".pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), out int written) && written == process;
    }

    /// <summary>The program ended, hangs or talks nonsense: it is killed, and its sockets, which are ours too, go to the next.</summary>
    private void Lose(Exception reason)
    {
        if (_told.Count > 0 || reason is not EndOfStreamException)
        {
            OverlayLog.NamesLost(_logger, reason);
        }

        if (_socket is not null && reason is KernelException or InvalidDataException)
        {
            LibC.Kill(LibC.PeerOf(_socket!.File));
        }

        _socket?.Dispose();
        _socket = null;
        _told.Clear();
        (_isSettled, _shown) = (false, null);
    }
}
