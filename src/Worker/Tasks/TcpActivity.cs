using System.Globalization;

namespace Skep.Worker.Tasks;

/// <summary>How a task's network namespace is used, as its kernel counts.</summary>
/// <param name="Accepted">Connections accepted since the namespace exists.</param>
/// <param name="Established">Connections open now, of either direction.</param>
internal readonly record struct TcpActivity(long Accepted, long Established)
{
    /// <summary>Reads <c>/proc/PID/net/snmp</c> of a process in the namespace; null when it is gone.</summary>
    public static TcpActivity? Of(int pid)
    {
        try
        {
            return Parse(File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/net/snmp"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The counters stand under their names, in two lines that begin with <c>Tcp:</c>. Source: proc(5), RFC 4022.</summary>
    public static TcpActivity? Parse(IEnumerable<string> snmp)
    {
        string[][] tcp = [.. snmp.Where(l => l.StartsWith("Tcp:", StringComparison.Ordinal)).Select(l => l.Split(' '))];
        return tcp is [var names, var values] && Find("PassiveOpens") is { } accepted && Find("CurrEstab") is { } established
            ? new TcpActivity(accepted, established)
            : null;

        long? Find(string name) => Array.IndexOf(names, name) is >= 0 and int at && at < values.Length && long.TryParse(values[at], CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    /// <summary>What is open may still be answered on a busy machine, or be a client that stays for ever: so many quiet windows tell.</summary>
    private const int WindowsWhileOpen = 4;

    /// <summary>Waits until nothing was accepted and nothing ended for a whole window, for four while connections are open: nobody sends here any more, and what
    /// was asked is answered.</summary>
    /// <param name="read">Null: nothing to wait for.</param>
    /// <param name="limit">The wait ends then at the latest: some programs talk to themselves for ever.</param>
    public static async Task WaitUntilQuietAsync(Func<TcpActivity?> read, TimeSpan window, TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        long began = time.GetTimestamp();
        TcpActivity? before = read();
        for (int quiet = 0; ;)
        {
            await Task.Delay(window, time, ct);
            TcpActivity? after = read();
            quiet = after == before ? quiet + 1 : 0;
            if (after is not { } now || quiet >= (now.Established > 0 ? WindowsWhileOpen : 1) || time.GetElapsedTime(began) >= limit)
            {
                return;
            }

            before = after;
        }
    }
}
