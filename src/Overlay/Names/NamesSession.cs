using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Why a session with skepd ended.</summary>
internal enum NamesEnd
{
    /// <summary>skepd is away; it will be back.</summary>
    Gone,

    /// <summary>Another program holds everything.</summary>
    Retired,

    /// <summary>Nothing is left to do.</summary>
    Told,
}

/// <summary>The names program's side of one connection.</summary>
internal sealed class NamesSession(NamesSocket socket, NamesKeeper keeper, ILogger logger) : IDisposable
{
    private NamesPicture? _coming;

    public NamesEnd Run()
    {
        try
        {
            Greet();
            while (Names.LibC.Poll(socket.File, null, keeper.IsEmpty ? NamesOptions.Idle : null).First)
            {
                if (socket.Receive() is not { } frame)
                {
                    return NamesEnd.Gone;
                }

                if (frame.Verb == NamesVerb.Retire)
                {
                    return NamesEnd.Retired;
                }

                if (frame.Verb == NamesVerb.End)
                {
                    return NamesEnd.Told;
                }

                Take(frame);
            }
            return NamesEnd.Told;
        }
        catch (Exception e) when (e is KernelException or InvalidDataException or EndOfStreamException)
        {
            OverlayLog.NamesSessionFailed(logger, e);
            return NamesEnd.Gone;
        }
    }

    public void Dispose() => socket.Dispose();

    private void Greet()
    {
        socket.Send(NamesFrame.Of(NamesVerb.Hello, w => w.Write(NamesProgram.Build)));
        foreach ((TaskId task, FileDescriptor[] files) in keeper.Held)
        {
            socket.Send(NamesFrame.Of(NamesVerb.Held, task) with { Files = files });
        }

        socket.Send(NamesFrame.Of(NamesVerb.Listed));
    }

    private void Take(NamesFrame frame)
    {
        switch (frame.Verb)
        {
            case NamesVerb.Hold:
                keeper.Hold(frame.ReadTask(), frame.Files[0], frame.Files[1], frame.Files[2]);
                break;
            case NamesVerb.Drop:
                keeper.Drop(frame.ReadTask());
                break;
            case NamesVerb.Settings:
                keeper.Settings = NamesSettings.Read(frame);
                keeper.Host = frame.Files[0];
                break;
            case NamesVerb.Fresh:
                _coming = NamesPicture.Empty;
                break;
            case NamesVerb.Zone or NamesVerb.ZoneGone or NamesVerb.Task or NamesVerb.TaskGone:
                _coming = NamesDelta.Apply(_coming ?? keeper.Picture ?? NamesPicture.Empty, frame);
                break;
            case NamesVerb.Sync:
                keeper.Show(_coming ?? keeper.Picture);
                _coming = null;
                socket.Send(NamesFrame.Of(NamesVerb.Sync));
                break;
            case NamesVerb.Tell:
                foreach (NamesFrame part in NamesDelta.Between(NamesPicture.Empty, keeper.Picture ?? NamesPicture.Empty))
                {
                    socket.Send(part);
                }

                socket.Send(NamesFrame.Of(NamesVerb.Listed));
                break;
            case NamesVerb.Hello or NamesVerb.Held or NamesVerb.Listed or NamesVerb.Retire or NamesVerb.End:
                break;
        }
    }
}
