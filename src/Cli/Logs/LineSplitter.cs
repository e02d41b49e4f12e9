using System.Text;

namespace Skep.Cli.Logs;

/// <summary>Joins what comes in pieces into lines.</summary>
internal sealed class LineSplitter
{
    private readonly List<byte> _rest = [];

    /// <summary>The whole lines so far, without their ends.</summary>
    public List<string> Take(ReadOnlySpan<byte> bytes)
    {
        List<string> lines = [];
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            _rest.AddRange(bytes[..end]);
            lines.Add(Flush());
            bytes = bytes[(end + 1)..];
        }

        _rest.AddRange(bytes);
        return lines;
    }

    /// <summary>What has no line end yet; null where there is nothing.</summary>
    public string? Rest() => _rest.Count == 0 ? null : Flush();

    private string Flush()
    {
        string line = Encoding.UTF8.GetString([.. _rest]);
        _rest.Clear();
        return line;
    }
}
