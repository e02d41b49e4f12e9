using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>Reads and writes every body of the Engine API.</summary>
/// <remarks>Names are matched without regard to case and unknown fields ignored, as Go does; null is not written.</remarks>
[JsonSourceGenerationOptions(
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters =
    [
        typeof(WireTime), typeof(NullAsZero.Int64), typeof(NullAsZero.UInt64), typeof(NullAsZero.Int32), typeof(NullAsZero.UInt32), typeof(NullAsZero.Boolean),
    ])]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(WireError))]
[JsonSerializable(typeof(WireCreated))]
[JsonSerializable(typeof(WireWarnings))]
[JsonSerializable(typeof(List<WireService>))]
[JsonSerializable(typeof(List<WireTask>))]
[JsonSerializable(typeof(List<WireNode>))]
[JsonSerializable(typeof(List<WireNetwork>))]
[JsonSerializable(typeof(List<WireSecret>))]
[JsonSerializable(typeof(List<WireConfig>))]
[JsonSerializable(typeof(WireNetworkCreate))]
[JsonSerializable(typeof(WireStackCheck))]
[JsonSerializable(typeof(WireNetworkCreated))]
[JsonSerializable(typeof(WireNetworksPruned))]
[JsonSerializable(typeof(WireSwarm))]
[JsonSerializable(typeof(WireSwarmInit))]
[JsonSerializable(typeof(WireSwarmJoin))]
[JsonSerializable(typeof(WireBackupSecret))]
[JsonSerializable(typeof(WireUnlockKey))]
[JsonSerializable(typeof(WireInfo))]
[JsonSerializable(typeof(WireReplica))]
[JsonSerializable(typeof(WireEngineVersion))]
[JsonSerializable(typeof(WireEvent))]
[JsonSerializable(typeof(WireAuth))]
[JsonSerializable(typeof(WireAuthResult))]
[JsonSerializable(typeof(WireDistribution))]
[JsonSerializable(typeof(WireProgress))]
[JsonSerializable(typeof(WireDiskUsage))]
[JsonSerializable(typeof(WireBuildPruned))]
[JsonSerializable(typeof(WireVolumeList))]
[JsonSerializable(typeof(WireVolumeCreate))]
[JsonSerializable(typeof(WireVolumesPruned))]
[JsonSerializable(typeof(List<WireImage>))]
[JsonSerializable(typeof(List<WireImageSummary>))]
[JsonSerializable(typeof(List<WireImageDelete>))]
[JsonSerializable(typeof(WireImagesPruned))]
[JsonSerializable(typeof(List<WireImageHistory>))]
[JsonSerializable(typeof(List<WireContainerSummary>))]
[JsonSerializable(typeof(WireContainerDetail))]
[JsonSerializable(typeof(WireExecCreate))]
[JsonSerializable(typeof(WireExecCreated))]
[JsonSerializable(typeof(WireExecStart))]
[JsonSerializable(typeof(WireExecDetail))]
[JsonSerializable(typeof(WireStats))]
[JsonSerializable(typeof(WireTop))]
[JsonSerializable(typeof(List<WireChange>))]
[JsonSerializable(typeof(WirePathStat))]
[JsonSerializable(typeof(WireContainerCreate))]
[JsonSerializable(typeof(WireContainerHostConfig))]
[JsonSerializable(typeof(WireContainerCreated))]
[JsonSerializable(typeof(WireWaitResult))]
[JsonSerializable(typeof(WireContainersPruned))]
[JsonSerializable(typeof(WireNetworkConnect))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, bool>>))]
public sealed partial class WireJson : JsonSerializerContext;
