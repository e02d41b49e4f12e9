using Microsoft.Extensions.Logging;
using Skep.Overlay.Dns;
using Skep.Overlay.Names;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay;

/// <summary>The small resident process of a node that answers the tasks' questions and outlives skepd (ADR 0011). skepd starts it and ends it.</summary>
public static class NamesProgram
{
    /// <summary>What tells one version of this program from another.</summary>
    internal static string Build { get; } = typeof(NamesProgram).Module.ModuleVersionId.ToString("N");

    /// <summary>Leaves the session and the output of whoever started this process. Call before anything writes.</summary>
    /// <param name="socket">As for <see cref="Run"/>; the log is beside it.</param>
    public static void Detach(string socket)
    {
        Names.LibC.NewSession();
        Names.LibC.LogTo(Path.ChangeExtension(socket, ".log"));
    }

    /// <summary>Answers what skepd hands over on the socket. Returns when told so, or when it has held nothing for a while.</summary>
    /// <param name="socket">Where to listen; the file with the process id is beside it.</param>
    public static void Run(string socket, TimeProvider time, ILogger logger)
    {
        File.Delete(socket);
        using FileDescriptor listener = Names.LibC.OpenUnix();
        Names.LibC.Listen(listener, socket);
        string processFile = Path.ChangeExtension(socket, ".pid");
        File.WriteAllText(processFile, $"{Environment.ProcessId}\n");
        OverlayLog.NamesBegin(logger, socket);
        var doors = new KernelThread("skep-doors");
        NameServer keeper = new NameServer(doors, new DnsCounts(DnsCounts.PathBeside(socket)), time, logger); // counts until the process ends
        while (Names.LibC.Poll(listener, null, keeper.IsEmpty ? NamesOptions.Idle : null).First)
        {
            using var session = new NamesSession(new NamesSocket(Names.LibC.Accept(listener)), keeper, logger);
            NamesEndReason end = session.Run();
            if (end == NamesEndReason.Retired)
            {
                keeper.Retire(); // the files are not closed one by one: they are the other program's as well
                OverlayLog.NamesEnded(logger, "retired");
                return;
            }
            if (end == NamesEndReason.Told)
            {
                break;
            }
        }
        File.Delete(socket); // before the connection closes: afterwards it may be another's
        File.Delete(processFile);
        keeper.Dispose();
        OverlayLog.NamesEnded(logger, "no task left");
    }
}
