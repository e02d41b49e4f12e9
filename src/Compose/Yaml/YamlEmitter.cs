using System.Globalization;
using System.Text;

namespace Skep.Compose;

/// <summary>Writes values in block style with two spaces, with the line breaks and quotes that go-yaml v3 chooses.</summary>
internal sealed class YamlEmitter
{
    private readonly StringBuilder _out = new();

    public static string Write(ComposeValue.Mapping root)
    {
        YamlEmitter emitter = new();
        if (root.Entries.Count == 0)
        {
            return "{}\n";
        }

        emitter.Mapping(root, 0, startsOnLine: false);
        return emitter._out.ToString();
    }

    private void Mapping(ComposeValue.Mapping map, int indent, bool startsOnLine)
    {
        foreach ((string key, ComposeValue value) in map.Entries)
        {
            if (!startsOnLine)
            {
                _out.Append(' ', indent);
            }

            startsOnLine = false;
            _out.Append(YamlText.OneLine(key)).Append(':');
            switch (value)
            {
                case ComposeValue.Mapping { Entries.Count: > 0 } inner:
                    _out.Append('\n');
                    Mapping(inner, indent + 2, startsOnLine: false);
                    break;
                case ComposeValue.Sequence { Items.Count: > 0 } inner:
                    _out.Append('\n');
                    Sequence(inner, indent + 2, startsOnLine: false);
                    break;
                default:
                    _out.Append(' ');
                    Leaf(value, indent + 2);
                    break;
            }
        }
    }

    private void Sequence(ComposeValue.Sequence list, int indent, bool startsOnLine)
    {
        foreach (ComposeValue item in list.Items)
        {
            if (!startsOnLine)
            {
                _out.Append(' ', indent);
            }

            startsOnLine = false;
            _out.Append("- ");
            switch (item)
            {
                case ComposeValue.Mapping { Entries.Count: > 0 } inner:
                    Mapping(inner, indent + 2, startsOnLine: true);
                    break;
                case ComposeValue.Sequence { Items.Count: > 0 } inner:
                    Sequence(inner, indent + 2, startsOnLine: true);
                    break;
                default:
                    Leaf(item, indent + 2);
                    break;
            }
        }
    }

    private void Leaf(ComposeValue value, int indent)
    {
        switch (value)
        {
            case ComposeValue.Mapping:
                _out.Append("{}");
                break;
            case ComposeValue.Sequence:
                _out.Append("[]");
                break;
            case ComposeValue.Null:
                _out.Append("null");
                break;
            case ComposeValue.Real { Value: var number } when !double.IsFinite(number):
                _out.Append(double.IsNaN(number) ? ".nan" : number > 0 ? ".inf" : "-.inf");
                break;
            case ComposeValue.Timestamp time:
                string fraction = time.Nanoseconds == 0 ? "" : "." + time.Nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
                string zone = time.Value.Offset == TimeSpan.Zero ? "Z" : time.Value.ToString("zzz", CultureInfo.InvariantCulture);
                _out.Append(time.Value.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)).Append(fraction).Append(zone);
                break;
            case ComposeValue.Text text when text.Value.Contains('\n', StringComparison.Ordinal) && YamlText.MayBeBlock(text.Value):
                Block(text.Value, indent);
                return;
            case ComposeValue.Text text:
                _out.Append(YamlText.OneLine(text.Value));
                break;
            default:
                _out.Append(GoText.Of(value));
                break;
        }

        _out.Append('\n');
    }

    private void Block(string text, int indent)
    {
        _out.Append('|');
        if (text[0] is ' ' or '\n')
        {
            _out.Append('2');
        }

        bool ends = text[^1] == '\n';
        if (!ends)
        {
            _out.Append('-');
        }
        else if (text.Length == 1 || text[^2] == '\n')
        {
            _out.Append('+');
        }

        // go-yaml takes a break at the start of the text for the one that ends this line, and so loses it.
        _out.Append('\n');
        foreach (string line in text[(text[0] == '\n' ? 1 : 0)..(ends && text.Length > 1 ? ^1 : ^0)].Split('\n'))
        {
            _out.Append(' ', line.Length == 0 ? 0 : indent).Append(line).Append('\n');
        }
    }
}
