using System.Globalization;

namespace Skep.Compose;

/// <summary>Reads checked values as what a field wants, gathering what does not fit after all.</summary>
/// <remarks>Words as go-viper/mapstructure has them. A path is the field's name there.</remarks>
internal sealed class ValueDecoder
{
    private readonly List<string> _faults = [];
    private Mark? _first;

    /// <exception cref="ComposeException">Something did not fit.</exception>
    public void Finish()
    {
        if (_faults.Count > 0)
        {
            throw new ComposeException($"decoding failed due to the following error(s):\n\n{string.Join('\n', _faults)}", _first);
        }
    }

    public string Text(ComposeValue? value, string path)
    {
        switch (value)
        {
            case null or ComposeValue.Null:
                return "";
            case ComposeValue.Text text:
                return text.Value;
            default:
                Misfit("string", value, path);
                return "";
        }
    }

    public bool Flag(ComposeValue? value, string path)
    {
        switch (value)
        {
            case null or ComposeValue.Null:
                return false;
            case ComposeValue.Bool flag:
                return flag.Value;
            default:
                Misfit("bool", value, path);
                return false;
        }
    }

    public long Whole(ComposeValue? value, string path)
    {
        switch (value)
        {
            case null or ComposeValue.Null:
                return 0;
            case ComposeValue.Whole whole:
                return (long)Int128.Min(whole.Value, long.MaxValue);
            case ComposeValue.Real real:
                return (long)real.Value;
            default:
                Misfit("int64", value, path);
                return 0;
        }
    }

    public ulong? Count(ComposeValue? value, string path)
    {
        switch (value)
        {
            case null or ComposeValue.Null:
                return null;
            case ComposeValue.Whole whole when whole.Value < 0:
                Note($"cannot parse '{path}', {GoText.Of(whole)} overflows uint", value);
                return null;
            case ComposeValue.Real { Value: < 0 } below:
                Note($"cannot parse '{path}', {below.Value.ToString("F6", CultureInfo.InvariantCulture)} overflows uint", value);
                return null;
            case ComposeValue.Whole whole:
                return (ulong)whole.Value;
            case ComposeValue.Real real:
                return (ulong)real.Value;
            default:
                Misfit("uint64", value, path);
                return null;
        }
    }

    public float Fraction(ComposeValue? value, string path)
    {
        switch (value)
        {
            case null or ComposeValue.Null:
                return 0;
            case ComposeValue.Whole whole:
                return (float)whole.Value;
            case ComposeValue.Real real:
                return (float)real.Value;
            default:
                Misfit("float32", value, path);
                return 0;
        }
    }

    public ComposeDuration? Duration(ComposeValue? value, string path)
    {
        if (value is null or ComposeValue.Null)
        {
            return null;
        }

        ComposeDuration? duration = value is ComposeValue.Text text ? ComposeDuration.TryParse(text.Value) : null;
        if (duration is null)
        {
            Fault(value is ComposeValue.Text bad ? $"time: invalid duration {GoText.Quote(bad.Value)}" : $"invalid type {GoText.TypeOf(value)} for duration", value, path);
        }

        return duration;
    }

    public long Size(ComposeValue? value, string path)
    {
        if (value is null or ComposeValue.Null)
        {
            return 0;
        }

        if (value is ComposeValue.Whole whole)
        {
            return (long)whole.Value;
        }

        string? fault = $"invalid type for size {GoText.TypeOf(value)}";
        long size = value is ComposeValue.Text text ? ByteSize.Parse(text.Value, out fault) : 0;
        Fault(fault, value, path);
        return size;
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(ComposeValue? value, string path)
    {
        if (value is ComposeValue.Timestamp)
        {
            // The rules take a time for a text.
            Note($"'{path}': source data must be an array or slice, got struct", value);
        }

        return [.. Items(value).Select((item, i) => Text(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))];
    }

    /// <summary>One text or a list of texts.</summary>
    public IReadOnlyList<string> TextOrTexts(ComposeValue? value, string path) =>
        value is ComposeValue.Text text ? [text.Value] : Texts(value, path);

    /// <summary>A command line or its words.</summary>
    public IReadOnlyList<string> Command(ComposeValue? value, string path)
    {
        if (value is not ComposeValue.Text line)
        {
            return Texts(value, path);
        }

        IReadOnlyList<string> words = ShellWords.Split(line.Value, out string? fault);
        Fault(fault, value, path);
        return words;
    }

    /// <summary>A list of entries, or nothing.</summary>
    public static IReadOnlyList<ComposeValue> Items(ComposeValue? value) => value is ComposeValue.Sequence list ? list.Items : [];

    /// <summary>Entries of a mapping that may be there, or nothing.</summary>
    public static IReadOnlyList<KeyValuePair<string, ComposeValue>> Entries(ComposeValue? value) =>
        value is ComposeValue.Mapping map ? map.Entries : [];

    /// <summary>A mapping, or a list of <c>name=value</c>; what has no value is empty.</summary>
    public static IReadOnlyDictionary<string, string> Map(ComposeValue? value)
    {
        SortedDictionary<string, string> map = Maps.New<string>();
        foreach ((string key, string? text) in MapWithBareNames(value))
        {
            map[key] = text ?? "";
        }

        return map;
    }

    /// <summary>A mapping, or a list of <c>name=value</c>; what has no value is null.</summary>
    public static IReadOnlyDictionary<string, string?> MapWithBareNames(ComposeValue? value)
    {
        SortedDictionary<string, string?> map = Maps.New<string?>();
        foreach ((string key, ComposeValue entry) in Entries(value))
        {
            map[key] = entry is ComposeValue.Null ? null : GoText.Of(entry);
        }

        foreach (ComposeValue item in Items(value))
        {
            string text = GoText.Of(item);
            int split = text.IndexOf('=', StringComparison.Ordinal);
            map[split < 0 ? text : text[..split]] = split < 0 ? null : text[(split + 1)..];
        }

        return map;
    }

    /// <summary>The <c>x-</c> keys of a mapping.</summary>
    public static IReadOnlyDictionary<string, ComposeValue> Extensions(ComposeValue? value)
    {
        SortedDictionary<string, ComposeValue> extensions = Maps.New<ComposeValue>();
        foreach ((string key, ComposeValue entry) in Entries(value))
        {
            if (key.StartsWith("x-", StringComparison.Ordinal))
            {
                extensions[key] = entry;
            }
        }

        return extensions;
    }

    /// <summary>Notes that a field cannot be read; nothing happens where <paramref name="fault"/> is null.</summary>
    public void Fault(string? fault, ComposeValue value, string path)
    {
        if (fault is not null)
        {
            Note($"error decoding '{path}': {fault}", value);
        }
    }

    private void Misfit(string wanted, ComposeValue value, string path) =>
        Note($"'{path}' expected type '{wanted}', got unconvertible type '{GoText.TypeOf(value)}', value: '{GoText.Of(value)}'", value);

    private void Note(string text, ComposeValue value)
    {
        _first ??= value.Where;
        _faults.Add(text);
    }
}
