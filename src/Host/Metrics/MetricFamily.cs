using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Skep.Host.Metrics;

/// <summary>What an instrument becomes in Prometheus' text.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One instrument with all it has measured, by labels.</summary>
/// <remarks>Naming, Source: prometheus.io/docs/practices/naming and opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics.</remarks>
internal sealed class MetricFamily
{
    /// <summary>For histograms whose instrument advises none: seconds, from a fast write to a slow start.</summary>
    private static readonly double[] DefaultBounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly double[] _bounds;
    private readonly bool _isObserved;

    private sealed class Series
    {
        public double Value;
        public long Count;
        public long[]? Buckets;
    }

    public MetricFamily(Instrument instrument)
    {
        Kind = KindOf(instrument);
        Name = NameOf(instrument.Name, instrument.Unit, Kind);
        Help = instrument.Description ?? instrument.Name;
        _isObserved = instrument.IsObservable;
        _bounds = Kind == MetricKind.Histogram ? instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : DefaultBounds : [];
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = LabelsOf(tags);
        lock (_gate)
        {
            if (!_series.TryGetValue(labels, out Series? series))
            {
                _series[labels] = series = new Series { Buckets = Kind == MetricKind.Histogram ? new long[_bounds.Length + 1] : null };
            }

            if (series.Buckets is { } buckets)
            {
                int at = Array.FindIndex(_bounds, b => value <= b);
                buckets[at < 0 ? _bounds.Length : at]++;
                series.Count++;
                series.Value += value;
            }
            else
            {
                // What is observed comes as a whole, what is recorded as a difference.
                series.Value = _isObserved ? value : series.Value + value;
            }
        }
    }

    /// <summary>Before observing again, so that what is no longer there is no longer told.</summary>
    public void Forget()
    {
        if (_isObserved)
        {
            lock (_gate)
            {
                _series.Clear();
            }
        }
    }

    public void WriteTo(StringBuilder text)
    {
        lock (_gate)
        {
            if (_series.Count == 0)
            {
                return;
            }

            text.Append("# HELP ").Append(Name).Append(' ').Append(Escaped(Help)).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(Kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", MetricKind.Histogram => "histogram" }).Append('\n');
            foreach ((string labels, Series series) in _series)
            {
                if (series.Buckets is { } buckets)
                {
                    WriteHistogram(text, labels, series, buckets);
                }
                else
                {
                    Line(text, "", labels, series.Value);
                }
            }
        }
    }

    /// <summary><c>skep.raft.commit.duration</c> in <c>s</c> is <c>skep_raft_commit_duration_seconds</c>.</summary>
    internal static string NameOf(string name, string? unit, MetricKind kind)
    {
        string text = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        string suffix = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        text = text.EndsWith(suffix, StringComparison.Ordinal) ? text : text + suffix;
        return kind == MetricKind.Counter ? text + "_total" : text;
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        Type type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            string shown = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            text.Append(text.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"")
                .Append(Escaped(shown).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return text.ToString();
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private void WriteHistogram(StringBuilder text, string labels, Series series, long[] buckets)
    {
        string comma = labels.Length > 0 ? "," : "";
        long sum = 0;
        for (int i = 0; i < _bounds.Length; i++)
        {
            sum += buckets[i];
            Line(text, "_bucket", $"{labels}{comma}le=\"{_bounds[i].ToString(CultureInfo.InvariantCulture)}\"", sum);
        }

        Line(text, "_bucket", $"{labels}{comma}le=\"+Inf\"", series.Count);
        Line(text, "_sum", labels, series.Value);
        Line(text, "_count", labels, series.Count);
    }

    private void Line(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
