using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Skep.Model;
using Skep.Model.Net;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>The values messages are made of: times and durations as nanoseconds, enums as numbers, maps as pairs in key order.</summary>
/// <remarks>protobuf's own map fields are written in hash order, so they are not used: equal values must give equal bytes.</remarks>
internal static class WireValues
{
    private const long NanosPerTick = 100;

    /// <summary>Unix nanoseconds; 0 for the default value. Ticks of 100 ns survive.</summary>
    /// <exception cref="ClusterException">InvalidArgument: before 1677 or after 2262.</exception>
    public static long ToNanos(this DateTimeOffset time) => time == default ? 0 : Nanos(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks);

    public static long ToNanos(this DateTimeOffset? time) => time is { } value ? value.ToNanos() : 0;

    public static long ToNanos(this TimeSpan duration) => Nanos(duration.Ticks);

    public static DateTimeOffset ToTime(this long nanos) => nanos == 0 ? default : DateTimeOffset.UnixEpoch.AddTicks(nanos / NanosPerTick);

    public static DateTimeOffset? ToTimeOrNull(this long nanos) => nanos == 0 ? null : nanos.ToTime();

    public static TimeSpan ToDuration(this long nanos) => TimeSpan.FromTicks(nanos / NanosPerTick);

    /// <summary>The enum member with this number.</summary>
    /// <exception cref="ClusterException">Internal: no such member; the sender is newer or broken.</exception>
    public static T ToKnown<T>(this int number)
        where T : struct, Enum
    {
        T value = Unsafe.BitCast<int, T>(number);
        return Enum.IsDefined(value) ? value : throw new ClusterException(ErrorKind.Internal, $"unknown {typeof(T).Name} {number}");
    }

    /// <summary>A part every sender sets.</summary>
    /// <exception cref="ClusterException">Internal: it is not there.</exception>
    public static T Need<T>([NotNull] T? part, [CallerArgumentExpression(nameof(part))] string name = "")
        where T : class
        => part ?? throw new ClusterException(ErrorKind.Internal, $"message without {name}");

    public static ByteString ToProto(this SensitiveBytes bytes) => ByteString.CopyFrom(bytes.Reveal());

    public static SensitiveBytes ToSensitive(this ByteString bytes) => SensitiveBytes.From(bytes.Span);

    public static IEnumerable<Proto.Pair> ToPairs(this ValueMap<string, string> map) => map.Select(p => new Proto.Pair { Key = p.Key, Value = p.Value });

    public static ValueMap<string, string> ToMap(this RepeatedField<Proto.Pair> pairs)
        => pairs.Count == 0 ? ValueMap<string, string>.Empty : pairs.ToValueMap(p => p.Key, p => p.Value);

    public static ValueList<TModel> ToList<TProto, TModel>(this RepeatedField<TProto> items, Func<TProto, TModel> map)
        => items.Count == 0 ? [] : items.Select(map).ToValueList();

    public static ValueList<string> ToList(this RepeatedField<string> items) => items.Count == 0 ? [] : items.ToValueList();

    public static Proto.Prefix ToProto(this Ipv4Prefix prefix) => new() { Address = prefix.Network.Value, Length = (uint)prefix.Length };

    public static Ipv4Prefix ToModel(this Proto.Prefix prefix)
        => prefix.Length <= 32 ? new Ipv4Prefix(new Ipv4Address(prefix.Address), (int)prefix.Length) : throw new ClusterException(ErrorKind.Internal, $"prefix length {prefix.Length}");

    private static long Nanos(long ticks)
        => ticks is > long.MinValue / NanosPerTick and < long.MaxValue / NanosPerTick
            ? ticks * NanosPerTick
            : throw ClusterException.Invalid($"{TimeSpan.FromTicks(ticks)} is longer than can be kept");
}
