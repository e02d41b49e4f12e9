using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Why a session with skepd ended.</summary>
internal enum NamesEndReason
{
    /// <summary>skepd is away; it will be back.</summary>
    Gone,

    /// <summary>Another program holds everything.</summary>
    Retired,

    /// <summary>Nothing is left to do.</summary>
    Told,
}

/// <summary>The names program's side of one connection.</summary>
internal sealed class NamesSession(NamesSocket socket, NameServer keeper, ILogger logger) : IDisposable
{
    private NamesState? _coming;

    public NamesEndReason Run()
    {
        try
        {
            Handshake();
            while (Names.LibC.Poll(socket.File, null, keeper.IsEmpty ? NamesOptions.Idle : null).First)
            {
                if (socket.Receive() is not { } frame)
                {
                    return NamesEndReason.Gone;
                }

                if (frame.Verb == NamesMessageKind.Retire)
                {
                    return NamesEndReason.Retired;
                }

                if (frame.Verb == NamesMessageKind.End)
                {
                    return NamesEndReason.Told;
                }

                Take(frame);
            }
            return NamesEndReason.Told;
        }
        catch (Exception e) when (e is KernelException or InvalidDataException or EndOfStreamException)
        {
            OverlayLog.NamesSessionFailed(logger, e);
            return NamesEndReason.Gone;
        }
    }

    public void Dispose() => socket.Dispose();

    private void Handshake()
    {
        socket.Send(NamesMessage.Of(NamesMessageKind.Hello, w => w.Write(NamesProgram.Build)));
        foreach ((TaskId task, FileDescriptor[] files) in keeper.Tasks)
        {
            socket.Send(NamesMessage.Of(NamesMessageKind.Held, task) with { Files = files });
        }

        socket.Send(NamesMessage.Of(NamesMessageKind.Listed));
    }

    private void Take(NamesMessage frame)
    {
        switch (frame.Verb)
        {
            case NamesMessageKind.Hold:
                keeper.Add(frame.ReadTask(), frame.Files[0], frame.Files[1], frame.Files[2]);
                break;
            case NamesMessageKind.Drop:
                keeper.Drop(frame.ReadTask());
                break;
            case NamesMessageKind.Settings:
                keeper.Settings = NamesSettings.Read(frame);
                keeper.Host = frame.Files[0];
                break;
            case NamesMessageKind.Fresh:
                _coming = NamesState.Empty;
                break;
            case NamesMessageKind.Zone or NamesMessageKind.ZoneGone or NamesMessageKind.Task or NamesMessageKind.TaskGone:
                _coming = NamesDelta.Apply(_coming ?? keeper.Picture ?? NamesState.Empty, frame);
                break;
            case NamesMessageKind.Sync:
                keeper.Update(_coming ?? keeper.Picture);
                _coming = null;
                socket.Send(NamesMessage.Of(NamesMessageKind.Sync));
                break;
            case NamesMessageKind.Tell:
                foreach (NamesMessage part in NamesDelta.Between(NamesState.Empty, keeper.Picture ?? NamesState.Empty))
                {
                    socket.Send(part);
                }

                socket.Send(NamesMessage.Of(NamesMessageKind.Listed));
                break;
            case NamesMessageKind.Hello or NamesMessageKind.Held or NamesMessageKind.Listed or NamesMessageKind.Retire or NamesMessageKind.End:
                break;
        }
    }
}
