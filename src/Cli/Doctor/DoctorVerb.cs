using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Doctor;

/// <summary><c>doctor</c>: looks at the machine and its cluster, and says what to mend. Exits with 1 if anything fails.</summary>
internal static class DoctorVerb
{
    private static readonly Flag<string> Data = Flag.Text("data", "The daemon's data directory", byDefault: "/var/lib/skep");
    private static readonly Flag<string> Containerd = Flag.Text("containerd", "containerd's socket", byDefault: "/run/containerd/containerd.sock");

    public static readonly Verb Run = new("[OPTIONS]", "Check this machine and its cluster, and say how to mend what is wrong", Arity.None, [CommonFlags.Format, Data, Containerd], static async (call, cancellation) =>
    {
        List<Check> found = [];
        WireInfo? info = await ClusterChecks.DaemonAsync(call, found, cancellation);
        found.AddRange(KernelChecks.Run(new Machine()));
        found.AddRange(DiskChecks.Run(call.Get(Data), call.Terminal.Time));
        found.Add(await SoftwareChecks.ContainerdAsync(call.Get(Containerd), cancellation));
        found.Add(await SoftwareChecks.PacketFilterAsync(cancellation));
        found.AddRange(SoftwareChecks.Ports(info is not null));
        found.AddRange(SoftwareChecks.Certificates(call.Get(Data), call.Terminal.Time.GetUtcNow()));
        if (info is not null)
        {
            await ClusterChecks.RunAsync(call, info, found, cancellation);
        }

        Print(call.Out, call.Get(CommonFlags.Format), found);
        return found.Exists(static check => check.Verdict == Verdict.Fail) ? 1 : 0;
    });

    public static void Print(TextWriter output, string format, IReadOnlyList<Check> found)
    {
        if (format.Length > 0)
        {
            Listing.Print(output, format, null, Columns, [.. found.Select(static check => new Row
            {
                ["Check"] = check.Name,
                ["Verdict"] = Word(check.Verdict),
                ["Reason"] = check.Reason,
                ["Fix"] = check.Fix,
            })]);
            return;
        }

        int width = found.Max(static check => check.Name.Length);
        foreach (Check check in found)
        {
            output.WriteLine($"{Word(check.Verdict),-8} {check.Name.PadRight(width)}  {check.Reason}");
            if (check.Fix.Length > 0)
            {
                output.WriteLine($"{new string(' ', 9 + width)}  → {check.Fix}");
            }
        }

        output.WriteLine($"\n{Why.Plural.Of(found.Count(static check => check.Verdict == Verdict.Fail), "failure")}, {Why.Plural.Of(found.Count(static check => check.Verdict == Verdict.Warn), "warning")}, {Why.Plural.Of(found.Count, "check")}");
    }

    private static readonly Columns Columns = Columns.Of("{{.Verdict}}\t{{.Check}}\t{{.Reason}}\t{{.Fix}}", ("Verdict", "VERDICT"), ("Check", "CHECK"), ("Reason", "REASON"), ("Fix", "FIX"));

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Unknown => "unknown",
        Verdict.Warn => "warn",
        Verdict.Fail => "fail",
    };
}
