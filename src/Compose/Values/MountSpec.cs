using System.Text;

namespace Skep.Compose;

/// <summary>Volumes in short form: <c>[source:]target[:options]</c>, on paths of Unix or Windows.</summary>
/// <remarks>Source: docker/cli:cli/compose/loader/volume.go. A single letter before a colon is always a drive.</remarks>
internal static class MountSpec
{
    private static readonly string[] Propagations = ["rprivate", "private", "rshared", "shared", "rslave", "slave"];

    /// <param name="fault">What is wrong with the text, or null.</param>
    public static ComposeMount Parse(string text, out string? fault)
    {
        fault = null;
        if (text.Length == 0)
        {
            fault = "invalid empty volume spec";
            return new ComposeMount();
        }

        if (Encoding.UTF8.GetByteCount(text) <= 2)
        {
            return new ComposeMount { Type = "volume", Target = text };
        }

        List<string> sections = Sections(text);
        if (sections.Exists(static section => section.Length == 0))
        {
            fault = $"invalid spec: {text}: empty section between colons";
        }
        else if (sections.Count > 3)
        {
            fault = $"invalid spec: {text}: too many colons";
        }

        string source = sections.Count > 1 ? sections[0] : "";
        ComposeMount mount = new()
        {
            Source = source,
            Target = sections[sections.Count > 1 ? 1 : 0],
            Type = source.Length > 0 && IsPath(source) ? "bind" : "volume",
        };
        foreach (string option in sections.Count > 2 ? sections[2].Split(',') : [])
        {
            mount = option switch
            {
                "ro" => mount with { ReadOnly = true },
                "rw" => mount with { ReadOnly = false },
                "nocopy" => mount with { Volume = new ComposeVolumeOptions(NoCopy: true, Subpath: "") },
                _ => Propagations.Contains(option) ? mount with { Bind = new ComposeBindOptions(option) } : mount,
            };
        }

        return mount;
    }

    private static List<string> Sections(string text)
    {
        List<string> sections = [];
        int start = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == ':' && !(at - start == 1 && char.IsLetter(text[start])))
            {
                sections.Add(text[start..at]);
                start = at + 1;
            }
        }

        sections.Add(text[start..]);
        return sections;
    }

    private static bool IsPath(string source) =>
        source[0] is '.' or '/' or '~'
        || (source.Length > 1 && (source.StartsWith(@"\\", StringComparison.Ordinal) || (source[1] == ':' && char.IsLetter(source[0]))));
}
