using System.Runtime.InteropServices;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Node;

/// <summary><c>dashboard</c>: a link to the page; <c>dashboard serve</c>: the page for any engine, served by the daemon's program in this one's place.</summary>
internal static partial class DashboardVerbs
{
    private static readonly Flag<string> Target = Flag.Text("host", "Engine API to show (unix:///path or tcp://host:port)", byDefault: "unix:///var/run/docker.sock");
    private static readonly Flag<string> Listen = Flag.Text("listen", "Address and port to serve the page on", byDefault: "127.0.0.1:8900");
    private static readonly Flag<bool> Open = Flag.Switch("open", "Everybody may look and nobody may change anything: no token");

    private static readonly Flag<bool> ShowLogs = Flag.Switch("logs", "With --open: everybody may read logs, too");
    private static readonly Flag<string> Certificate = Flag.Text("cert", "Serve over TLS with this certificate (PEM); needs --key");
    private static readonly Flag<string> Key = Flag.Text("key", "Private key of the certificate (PEM)");

    public static readonly Verb Link = new("[OPTIONS]", "Print the dashboard's address with a one-time token", Arity.None, [], static async (call, cancellation) =>
    {
        call.Out.WriteLine(await call.Engine.PostAsync("/dashboard/link", WireJson.Default.String, cancellation));
        return 0;
    });

    public static readonly Verb Serve = new("[OPTIONS]", "Serve the dashboard for any Engine API", Arity.None, [Target, Listen, Open, ShowLogs, Certificate, Key], static (call, _) =>
    {
        string program = Find(call.Terminal.Variable("PATH") ?? "") ?? throw new CliException("skepd is not here: the page is served by it; install it beside skep");
        string[] words = [program, "dashboard", "--host", call.Get(Target), "--listen", call.Get(Listen), .. Switch(Open), .. Switch(ShowLogs), .. Named(Certificate), .. Named(Key)];
        string[] Switch(Flag<bool> flag) => call.Get(flag) ? [$"--{flag.Name}"] : [];
        string[] Named(Flag<string> flag) => call.Given(flag) ? [$"--{flag.Name}", call.Get(flag)] : [];
        call.Out.Flush();
        int failed = Execute(program, [.. words, null]);
        throw new CliException($"{program} ({failed}): {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    });

    private static string? Find(string path)
    {
        string own = Path.GetDirectoryName(Environment.ProcessPath) ?? "/";
        // Beside this program; above it in a quick build, whose programs are links; on the path.
        return new[] { own, Path.GetDirectoryName(own) ?? "/" }.Concat(path.Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(static folder => Path.Combine(folder, "skepd")).FirstOrDefault(File.Exists);
    }

    /// <summary>execv(3): returns only when it fails.</summary>
    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] words);
}
