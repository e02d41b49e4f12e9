using System.Diagnostics;
using System.Globalization;

namespace Skep.Engine.Stats;

/// <summary>The processes of a container as the machine's <c>ps</c> shows them.</summary>
/// <remarks>Source: moby/moby:daemon/top_unix.go.</remarks>
internal static class ProcessList
{
    /// <param name="arguments">Of ps.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: ps refuses them, or they do not show pids.</exception>
    public static async Task<ProcessTable> ReadAsync(string arguments, IReadOnlyList<int> pids, CancellationToken ct)
    {
        var start = new ProcessStartInfo("ps") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            start.ArgumentList.Add(argument);
        }

        Process ps;
        try
        {
            ps = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ClusterException(ErrorKind.Internal, $"error running ps: {e.Message}: is procps installed on this node?", e);
        }

        using (ps)
        {
            Task<string> errors = ps.StandardError.ReadToEndAsync(ct);
            string output = await ps.StandardOutput.ReadToEndAsync(ct);
            await ps.WaitForExitAsync(ct);
            string error = (await errors).Trim();
            return ps.ExitCode == 0
                ? Parse(output, [.. pids])
                : throw ClusterException.Invalid($"error running ps: {(error.Length > 0 ? error.Split('\n')[0] : $"exit status {ps.ExitCode}")}");
        }
    }

    /// <summary>The rows of these pids; the last column keeps its blanks.</summary>
    internal static ProcessTable Parse(string output, HashSet<int> pids)
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] titles = lines.Length > 0 ? lines[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];
        int place = Array.IndexOf(titles, "PID");
        if (place < 0)
        {
            throw ClusterException.Invalid("couldn't find PID field in ps output");
        }

        var rows = new List<ValueList<string>>();
        foreach (string line in lines.Skip(1))
        {
            string[] fields = line.Split((char[]?)null, titles.Length, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length > place && int.TryParse(fields[place], NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pids.Contains(pid))
            {
                rows.Add(fields.ToValueList());
            }
        }

        return new ProcessTable(titles.ToValueList(), rows.ToValueList());
    }
}
