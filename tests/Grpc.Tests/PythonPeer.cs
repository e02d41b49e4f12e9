using System.Diagnostics;

namespace GrpcTests;

/// <summary>Debian's python3-grpcio: C-core, an implementation that shares nothing with ours.</summary>
public static class PythonPeer
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly Lazy<bool> Present = new(() =>
    {
        if (!File.Exists(Interpreter))
        {
            return false;
        }

        using Process probe = Process.Start(new ProcessStartInfo(Interpreter, ["-c", "import grpc"]) { RedirectStandardError = true, UseShellExecute = false })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0;
    });

    public static bool IsPresent => Present.Value;

    public static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo(Interpreter, [Path.Combine(AppContext.BaseDirectory, "probe_peer.py"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
}

/// <summary>A fact that needs python3-grpcio; skipped, visibly, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        if (!PythonPeer.IsPresent)
        {
            Skip = "python3-grpcio is not installed: apt-get install python3-grpcio";
        }
    }
}

/// <summary>A theory that needs python3-grpcio.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute()
    {
        if (!PythonPeer.IsPresent)
        {
            Skip = "python3-grpcio is not installed: apt-get install python3-grpcio";
        }
    }
}
