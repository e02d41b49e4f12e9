using System.Text;

namespace Skep.Raft.Tests.Scenarios;

/// <summary>A text of blocks: commands, a line <c>----</c>, what they must print, an empty line. Lines with <c>#</c> before a command are kept as they are.</summary>
internal static class ScenarioFile
{
    private const string Divider = "----";

    /// <summary>The same text with every output as <paramref name="run"/> gives it now.</summary>
    public static string Rewrite(string text, Func<string, string> run)
    {
        StringBuilder result = new();
        StringBuilder output = new();
        bool inOutput = false;
        foreach (string line in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            if (inOutput)
            {
                // The old output ends with the first empty line.
                inOutput = line.Length > 0;
                if (!inOutput)
                {
                    result.Append('\n');
                }
            }
            else if (line == Divider)
            {
                result.Append(Divider).Append('\n').Append(output);
                output.Clear();
                inOutput = true;
            }
            else
            {
                result.Append(line).Append('\n');
                if (line.Length > 0 && !line.StartsWith('#'))
                {
                    output.Append(run(line));
                }
            }
        }
        return result.ToString();
    }
}
