using System.Text;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Flags;

/// <summary>A line of flags.txt.</summary>
/// <param name="Words">What is typed, without the kind.</param>
/// <param name="Rest">What stands behind the arrows.</param>
internal sealed record FlagLine(string Kind, string[] Words, string[] Rest)
{
    /// <summary>The command whose flags these are.</summary>
    public string Command => Kind switch
    {
        "create" or "whole" => "service create",
        "update" => "service update",
        _ => string.Join(' ', Words.Take(2)),
    };

    public IEnumerable<string> Flags => Words.Where(w => w.StartsWith("--", StringComparison.Ordinal)).Select(w => w.Split('=')[0]);

    public static FlagLine[] Read(string file) => [.. File.ReadLines(file).Where(l => l.Length > 0 && l[0] != '#').Select(Parse)];

    public override string ToString() => $"{Kind} {string.Join(' ', Words)}";

    private static FlagLine Parse(string line)
    {
        string[] parts = line.Split("=>", StringSplitOptions.TrimEntries);
        int space = parts[0].IndexOf(' ', StringComparison.Ordinal);
        string kind = parts[0][..space], text = parts[0][(space + 1)..];
        return new FlagLine(kind, kind == "in" ? [text] : [.. Split(text).Select(w => w.StartsWith("tests/", StringComparison.Ordinal) ? Repository.PathOf(w.Split('/')) : w)], parts[1..]);
    }

    /// <summary>Words as a shell would see them, where only single quotes are special.</summary>
    private static string[] Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isQuoted = false, isOpen = false;
        foreach (char c in text)
        {
            if (c == '\'')
            {
                (isQuoted, isOpen) = (!isQuoted, true);
            }
            else if (c == ' ' && !isQuoted)
            {
                Close();
            }
            else
            {
                word.Append(c);
                isOpen = true;
            }
        }

        Close();
        return [.. words];

        void Close()
        {
            if (isOpen)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            isOpen = false;
        }
    }
}
