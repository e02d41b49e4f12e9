using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Skep.Compose;

/// <summary>Turns the first document of a YAML text into values that know their place.</summary>
/// <remarks>What go-yaml v3 does with it: anchors, <c>&lt;&lt;</c> merges, keys given twice refused, unknown tags ignored.</remarks>
internal sealed class YamlReader
{
    private const int DeepestNesting = 1000;
    private const long MostExpandedNodes = 1_000_000;

    private readonly string _file;
    private readonly IParser _parser;
    private readonly Dictionary<string, Anchored> _anchors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly Stack<Mark> _collections = new();
    private readonly List<string> _faults = [];
    private Mark? _firstFault;
    private long _nodes;

    private YamlReader(string file, string text)
    {
        _file = file;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a compose file: a mapping with text keys at its top.</summary>
    /// <exception cref="ComposeException">The text is no YAML, or its top is no such mapping.</exception>
    public static ComposeValue.Mapping Read(string file, string text)
    {
        ComposeValue? root;
        YamlReader reader = new(file, text);
        try
        {
            root = reader.Document();
        }
        catch (YamlException broken)
        {
            throw YamlError.Of(broken, file, reader._collections.Count > 0 ? reader._collections.Peek() : null);
        }
        catch (InvalidOperationException e)
        {
            // The parser loses its way in some broken flows instead of saying what is wrong with them.
            throw new ComposeException($"yaml: {file} cannot be parsed near line {reader._parser.Current?.End.Line ?? 1}: {e.Message}");
        }

        return root is ComposeValue.Mapping { HasOtherKeys: false } map
            ? map
            : throw new ComposeException("top-level object must be a mapping", root?.Where);
    }

    private ComposeValue? Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            return null;
        }

        _parser.Consume<DocumentStart>();
        ComposeValue root = Node(0).Value;
        return _faults.Count == 0
            ? root
            : throw new ComposeException($"yaml: unmarshal errors:\n  {string.Join("\n  ", _faults)}", _firstFault);
    }

    private Parsed Node(int depth)
    {
        if (depth > DeepestNesting)
        {
            throw Fault(_parser.Current!.Start, "exceeded max depth");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return Aliased(alias);
        }

        if (_parser.Current is not NodeEvent start)
        {
            throw Fault(_parser.Current!.Start, "did not find expected node content");
        }

        string? anchor = start.Anchor.IsEmpty ? null : start.Anchor.Value;
        long before = _nodes++;
        if (anchor is not null)
        {
            _open.Add(anchor);
        }

        Parsed parsed = start switch
        {
            Scalar => Leaf(_parser.Consume<Scalar>()),
            SequenceStart => List(depth),
            _ => Map(depth),
        };
        if (anchor is not null)
        {
            _open.Remove(anchor);
            _anchors[anchor] = new Anchored(parsed, _nodes - before);
        }

        return parsed;
    }

    private Parsed Aliased(AnchorAlias alias)
    {
        string name = alias.Value.Value;
        if (_open.Contains(name))
        {
            throw new ComposeException($"yaml: anchor '{name}' value contains itself", At(alias.Start));
        }

        if (!_anchors.TryGetValue(name, out Anchored? anchored))
        {
            throw new ComposeException($"yaml: unknown anchor '{name}' referenced", At(alias.Start));
        }

        _nodes += anchored.Nodes;
        return _nodes > MostExpandedNodes
            ? throw new ComposeException("yaml: document contains excessive aliasing", At(alias.Start))
            : anchored.Parsed;
    }

    private Parsed Leaf(Scalar scalar)
    {
        Mark where = At(scalar.Start);
        bool quoted = scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any);
        string tag = scalar.Tag.IsEmpty ? "" : scalar.Tag.Value;
        ComposeValue value = YamlScalar.Resolve(scalar.Value, tag, quoted, out string? fault);
        if (fault is not null)
        {
            throw new ComposeException($"yaml: {fault}", where);
        }

        bool merge = scalar.Value == "<<" && ((!quoted && tag is "" or "!") || tag == YamlScalar.Prefix + "merge");
        return new Parsed(value with { Where = where }, merge ? "<<" : scalar.Value, merge);
    }

    private Parsed List(int depth)
    {
        Mark where = Open();
        List<ComposeValue> items = [];
        while (!AtEnd<SequenceEnd>(depth))
        {
            items.Add(Node(depth + 1).Value);
        }

        return new Parsed(new ComposeValue.Sequence(items) { Where = where }, "", false);
    }

    private Parsed Map(int depth)
    {
        Mark opened = Open();
        List<KeyValuePair<string, ComposeValue>> entries = [];
        Dictionary<string, Mark> seen = new(StringComparer.Ordinal);
        List<ComposeValue> merged = [];
        List<string> doubles = [];
        int faultsBefore = _faults.Count;
        bool otherKeys = false;
        while (!AtEnd<MappingEnd>(depth))
        {
            Parsed key = Node(depth + 1);
            Parsed value = Node(depth + 1);
            if (key.IsMerge)
            {
                merged.Add(value.Value);
                continue;
            }

            otherKeys |= key.Value is not ComposeValue.Text;
            Mark where = key.Value.Where!;
            if (seen.TryGetValue(key.Source, out Mark? first))
            {
                _firstFault ??= where;
                doubles.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"line {where.Line}: mapping key {GoText.Quote(key.Source)} already defined at line {first.Line}"));
                continue;
            }

            seen[key.Source] = where;
            entries.Add(new(key.Source, value.Value));
        }

        if (doubles.Count > 0)
        {
            // go-yaml does not look into a mapping that has doubles.
            _faults.RemoveRange(faultsBefore, _faults.Count - faultsBefore);
            _faults.AddRange(doubles);
        }

        foreach (ComposeValue source in merged)
        {
            Merge(source, entries, seen, ref otherKeys);
        }

        return new Parsed(new ComposeValue.Mapping(entries, otherKeys) { Where = opened }, "", false);
    }

    private void Merge(
        ComposeValue source, List<KeyValuePair<string, ComposeValue>> entries, Dictionary<string, Mark> seen, ref bool otherKeys)
    {
        IReadOnlyList<ComposeValue> maps = source is ComposeValue.Sequence list ? list.Items : [source];
        foreach (ComposeValue item in maps)
        {
            if (item is not ComposeValue.Mapping map)
            {
                throw new ComposeException("yaml: map merge requires map or sequence of maps as the value", source.Where);
            }

            otherKeys |= map.HasOtherKeys;
            foreach ((string key, ComposeValue value) in map.Entries)
            {
                if (seen.TryAdd(key, value.Where!))
                {
                    entries.Add(new(key, value));
                }
            }
        }
    }

    /// <summary>Steps into a collection. Stepping reads on, so it is noted as open before.</summary>
    private Mark Open()
    {
        Mark where = At(_parser.Current!.Start);
        _collections.Push(where);
        _parser.MoveNext();
        return where;
    }

    /// <summary>Steps over the end of a collection; what follows the document's own is never looked at, so it may be broken.</summary>
    private bool AtEnd<T>(int depth)
        where T : ParsingEvent
    {
        if (!_parser.Accept<T>(out _))
        {
            return false;
        }

        _collections.Pop();
        return depth == 0 || _parser.MoveNext();
    }

    private ComposeException Fault(in YamlDotNet.Core.Mark at, string text) =>
        new(string.Create(CultureInfo.InvariantCulture, $"yaml: line {at.Line}: {text}"), At(at));

    private Mark At(in YamlDotNet.Core.Mark at) => new(_file, (int)at.Line, (int)at.Column);

    /// <param name="Source">The text of a scalar as it stands in the file: what a key is called.</param>
    private sealed record Parsed(ComposeValue Value, string Source, bool IsMerge);

    private sealed record Anchored(Parsed Parsed, long Nodes);
}
