using System.Text;
using Skep.Cli.Services;

namespace Skep.Cli.Output;

/// <summary>Shows progress: drawn over itself on a terminal, else one line for each change.</summary>
internal sealed class ProgressWriter(Terminal terminal, bool quiet)
{
    private const int MostBars = 20;

    private readonly SortedDictionary<string, Progress> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _lines;

    /// <param name="prefix">Tells the services apart where several are waited for.</param>
    public void Show(string prefix, Progress progress)
    {
        lock (_gate)
        {
            _shown[prefix] = progress;
            if (quiet)
            {
                return;
            }

            if (terminal.IsInteractive)
            {
                Redraw();
            }
            else
            {
                SayOnce(prefix + "overall", prefix + progress.Overall);
            }
        }
    }

    /// <summary>A remark that changes often: on a terminal the last line, else told once.</summary>
    public void Verify(string prefix, string text)
    {
        lock (_gate)
        {
            if (quiet)
            {
                return;
            }

            if (terminal.IsInteractive)
            {
                _said[prefix] = text;
                Redraw();
            }
            else
            {
                bool counts = text.StartsWith("Waiting", StringComparison.Ordinal);
                SayOnce(prefix + "verify", counts && _said.TryGetValue(prefix + "verify", out string? last) && last.Contains("Waiting", StringComparison.Ordinal) ? last : $"{prefix}verify: {text}");
            }
        }
    }

    /// <summary>A line that stays.</summary>
    public void WriteLine(string line)
    {
        lock (_gate)
        {
            if (quiet)
            {
                return;
            }

            if (terminal.IsInteractive)
            {
                _said.Clear();
                Redraw();
                _lines = 0;
            }

            terminal.Out.WriteLine(line);
            terminal.Out.Flush();
        }
    }

    private void SayOnce(string key, string line)
    {
        if (_said.TryGetValue(key, out string? last) && last == line)
        {
            return;
        }

        _said[key] = line;
        terminal.Out.WriteLine(line);
        terminal.Out.Flush();
    }

    private void Redraw()
    {
        StringBuilder text = new();
        if (_lines > 0)
        {
            text.Append($"\x1b[{_lines}A");
        }

        text.Append("\x1b[J");
        _lines = 0;
        foreach ((string prefix, Progress progress) in _shown)
        {
            Line(prefix + progress.Overall);
            if (_shown.Count == 1 && progress.Slots.Count <= MostBars)
            {
                foreach ((string name, string state) in progress.Slots)
                {
                    Line($"{name}: {Bar(state)}");
                }
            }

            if (_said.TryGetValue(prefix, out string? remark))
            {
                Line($"{prefix}verify: {remark}");
            }
        }

        terminal.Out.Write(text.ToString());
        terminal.Out.Flush();

        void Line(string line)
        {
            text.Append(line.Length > 160 ? line[..160] : line).Append('\n');
            _lines++;
        }
    }

    private static string Bar(string state)
    {
        int done = state switch { "new" => 1, "allocated" => 2, "pending" => 3, "assigned" => 4, "accepted" => 5, "preparing" => 6, "ready" => 7, "starting" => 8, "running" => 9, _ => 0 };
        return done == 0 ? state : $"{state,-9} [{new string('=', done * 5)}>{new string(' ', (9 - done) * 5)}]";
    }
}
