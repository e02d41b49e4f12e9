using System.Collections.Concurrent;
using System.Globalization;

namespace Skep.Compose;

/// <summary>The rules of compose file versions 3.0 to 3.13, one tree per version: every key with the version it came with.</summary>
/// <remarks>Source: the facts of docker/cli:cli/compose/schema/data/config_schema_v3.*.json.</remarks>
internal sealed partial class ComposeSchema
{
    public const string NewestVersion = "3.13";

    private const int Newest = 13;

    private static readonly ConcurrentDictionary<int, Rule> Roots = new();

    private readonly int _minor;

    private ComposeSchema(int minor) => _minor = minor;

    /// <summary>The rules of a version such as <c>3.8</c>, or null where there is no such version.</summary>
    public static Rule? For(string version)
    {
        for (int minor = 0; minor <= Newest; minor++)
        {
            if (version == string.Create(CultureInfo.InvariantCulture, $"3.{minor}"))
            {
                return Roots.GetOrAdd(minor, static m => new ComposeSchema(m).Root());
            }
        }

        return null;
    }

    private Rule Root() => Mapping(
        [
            Key("version", Text),
            Key("services", Named(Service(), closed: true)),
            Key("networks", Named(Network(), closed: false)),
            Key("volumes", Named(Volume(), closed: true)),
            Key("secrets", Named(FileObject(driver: true), closed: true), since: 1),
            Key("configs", Named(FileObject(driver: false), closed: true), since: 3),
        ],
        extensionsSince: 4);

    private Rule Network() => Mapping(
        [
            Key("name", Text, since: 5),
            Key("driver", Text),
            Key("driver_opts", Options),
            Key("ipam", Mapping(
            [
                Key("driver", Text),
                Key("config", ListOf(Mapping([Key("subnet", Text)]))),
            ])),
            Key("external", External(closed: true)),
            Key("internal", Boolean),
            Key("attachable", Boolean, since: 2),
            Key("labels", ListOrMapping),
        ],
        extensionsSince: 7) with
    { Types = ["object", "null"] };

    private Rule Volume() => Mapping(
        [
            Key("name", Text, since: 4),
            Key("driver", Text),
            Key("driver_opts", Options),
            Key("external", External(closed: true)),
            Key("labels", ListOrMapping),
            Key("x-cluster-spec", ClusterVolume(), since: 10),
        ],
        extensionsSince: 7) with
    { Types = ["object", "null"] };

    private Rule ClusterVolume()
    {
        Rule topology = ListOf(Open([Key("segments", ListOrMapping)]));
        return Open(
        [
            Key("group", Text),
            Key("access_mode", Open(
            [
                Key("scope", Text),
                Key("sharing", Text),
                Key("block_volume", Open([])),
                Key("mount_volume", Open([Key("fs_type", Text), Key("mount_flags", ListOf(Text))])),
            ])),
            Key("accessibility_requirements", Open([Key("requisite", topology), Key("preferred", topology)])),
            Key("capacity_range", Open([Key("required_bytes", Text), Key("limit_bytes", Text)])),
            Key("availability", Text),
        ]);
    }

    private Rule FileObject(bool driver) => Mapping(
        [
            Key("name", Text, since: 5),
            Key("file", Text),
            Key("external", External(closed: false)),
            Key("labels", ListOrMapping),
            driver ? Key("driver", Text, since: 8) : null,
            driver ? Key("driver_opts", Options, since: 8) : null,
            Key("template_driver", Text, since: 8),
        ],
        extensionsSince: 7);

    private Rule External(bool closed) =>
        new() { Types = ["boolean", "object"], Properties = Present([Key("name", Text)]), Closed = closed };

    private Rule Deployment() => Mapping(
        [
            Key("mode", Text),
            Key("endpoint_mode", Text, since: 2),
            Key("replicas", Integer),
            Key("labels", ListOrMapping),
            Key("rollback_config", Rollout(), since: 7),
            Key("update_config", Rollout()),
            Key("resources", Mapping(
            [
                Key("limits", Mapping([Key("cpus", Text), Key("memory", Text), Key("pids", Integer, since: 9)])),
                Key("reservations", Mapping(
                [
                    Key("cpus", Text),
                    Key("memory", Text),
                    Key("generic_resources", GenericResources(), since: 5),
                ])),
            ])),
            Key("restart_policy", Mapping(
            [
                Key("condition", Text),
                Key("delay", Duration),
                Key("max_attempts", Integer),
                Key("window", Duration),
            ])),
            Key("placement", Mapping(
            [
                Key("constraints", ListOf(Text)),
                Key("preferences", ListOf(Mapping([Key("spread", Text)])), since: 3),
                Key("max_replicas_per_node", Integer, since: 8),
            ])),
        ]) with
    { Types = ["object", "null"] };

    private Rule Rollout() => Mapping(
    [
        Key("parallelism", Integer),
        Key("delay", Duration),
        Key("failure_action", Text),
        Key("monitor", Duration),
        Key("max_failure_ratio", Number),
        Key("order", Text with { Choices = ["start-first", "stop-first"] }, since: 4),
    ]);

    private Rule GenericResources() => ListOf(Mapping(
        [Key("discrete_resource_spec", Mapping([Key("kind", Text), Key("value", Number)]))]));
}
