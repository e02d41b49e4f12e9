namespace Skep.Overlay.Tests.Kernel;
internal static class Debug
{
    public static string Sh(string cmd)
    {
        var p = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", ["-c", cmd]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string o = p.StandardOutput.ReadToEnd() + p.StandardError.ReadToEnd();
        p.WaitForExit();
        return o;
    }
    public static void In(string path, string cmd) => Console.Error.WriteLine($"--- {path}: {cmd}\n" + Sh($"nsenter --net={path} bash -c '{cmd}'"));
}
