using System.Diagnostics.Metrics;
using System.Text;

namespace Skep.Host.Metrics;

/// <summary>Takes in what the instruments of this process measure and tells it as Prometheus' text.</summary>
/// <remarks>Ours and not a package: the Prometheus exporter of OpenTelemetry cannot be restored, and a listener with a table of sums costs a few hundred KiB.</remarks>
internal sealed class MetricStore : IDisposable
{
    private static readonly string[] Runtime = ["dotnet.gc.", "dotnet.thread_pool.", "dotnet.monitor.", "dotnet.exceptions"];

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public MetricStore()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsWanted(instrument))
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Our rooms, and of the runtime: collections, threads, locks, exceptions. What else it has, the process_ metrics tell under the names Prometheus knows.</summary>
    private static bool IsWanted(Instrument instrument) => instrument.Meter.Name.StartsWith("Skep.", StringComparison.Ordinal)
        || (instrument.Meter.Name == "System.Runtime" && Runtime.Any(r => instrument.Name.StartsWith(r, StringComparison.Ordinal)));

    public string Text()
    {
        var text = new StringBuilder(16 << 10);
        // One reader at a time: observing fills the families anew.
        lock (_gate)
        {
            foreach (MetricFamily family in _families.Values)
            {
                family.Forget();
            }

            _listener.RecordObservableInstruments();
            foreach (MetricFamily family in _families.Values)
            {
                family.WriteTo(text);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily FamilyOf(Instrument instrument)
    {
        var family = new MetricFamily(instrument);
        lock (_gate)
        {
            return _families[family.Name] = family;
        }
    }
}
