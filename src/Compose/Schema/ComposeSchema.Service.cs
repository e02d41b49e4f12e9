namespace Skep.Compose;

internal sealed partial class ComposeSchema
{
    private Rule Service() => Mapping(
        [
            Key("deploy", Deployment()),
            Key("build", Either(Text, Build())),
            Key("cap_add", SetOf(Text)),
            Key("cap_drop", SetOf(Text)),
            Key("cgroupns_mode", Text, since: 9),
            Key("cgroup_parent", Text),
            Key("command", Either(Text, ListOf(Text))),
            Key("configs", FileReferences, since: 3),
            Key("container_name", Text),
            Key("credential_spec", Mapping([Key("config", Text, since: 8), Key("file", Text), Key("registry", Text)]), since: 3),
            Key("depends_on", SetOf(Text)),
            Key("devices", SetOf(Text)),
            Key("dns", TextOrSet),
            Key("dns_search", TextOrSet),
            Key("domainname", Text),
            Key("entrypoint", Either(Text, ListOf(Text))),
            Key("env_file", TextOrSet),
            Key("environment", ListOrMapping),
            Key("expose", SetOf(new Rule { Types = ["string", "number"] })),
            Key("external_links", SetOf(Text)),
            Key("extra_hosts", ListOrMapping),
            Key("healthcheck", Healthcheck()),
            Key("hostname", Text),
            Key("image", Text),
            Key("init", Boolean, since: 7),
            Key("ipc", Text),
            Key("isolation", Text, since: 5),
            Key("labels", ListOrMapping),
            Key("links", SetOf(Text)),
            Key("logging", Mapping(
            [
                Key("driver", Text),
                Key("options", MappingTo(new Rule { Types = ["string", "number", "null"] })),
            ])),
            Key("mac_address", Text),
            Key("network_mode", Text),
            Key("networks", Either(SetOf(Text), Named(Either(ServiceNetwork(), new Rule { Types = ["null"] }), closed: true))),
            Key("pid", new Rule { Types = ["string", "null"] }),
            Key("ports", Ports()),
            Key("privileged", Boolean),
            Key("read_only", Boolean),
            Key("restart", Text),
            Key("security_opt", SetOf(Text)),
            Key("shm_size", new Rule { Types = ["number", "string"] }),
            Key("secrets", FileReferences, since: 1),
            Key("sysctls", ListOrMapping),
            Key("stdin_open", Boolean),
            Key("stop_grace_period", Duration),
            Key("stop_signal", Text),
            Key("tmpfs", TextOrSet),
            Key("tty", Boolean),
            Key("ulimits", Ulimits()),
            Key("oom_score_adj", Integer, since: 13),
            Key("user", Text),
            Key("userns_mode", Text),
            Key("volumes", Mounts()),
            Key("working_dir", Text),
        ],
        extensionsSince: 7);

    private Rule Build() => Mapping(
        [
            Key("context", Text),
            Key("dockerfile", Text),
            Key("args", ListOrMapping),
            Key("labels", ListOrMapping, since: 3),
            Key("cache_from", SetOf(Text), since: 2),
            Key("network", Text, since: 4),
            Key("target", Text, since: 4),
            Key("shm_size", new Rule { Types = ["integer", "string"] }, since: 5),
            Key("extra_hosts", ListOrMapping, since: 9),
        ]) with
    { Closed = _minor < 11 };

    private Rule Healthcheck()
    {
        Rule pause = _minor < 4 ? Text : Duration;
        return Mapping(
        [
            Key("disable", Boolean),
            Key("interval", pause),
            Key("retries", Number),
            Key("test", Either(Text, ListOf(Text))),
            Key("timeout", pause),
            Key("start_period", Duration, since: 4),
            Key("start_interval", Duration, since: 12),
        ]);
    }

    private Rule ServiceNetwork() => Mapping(
    [
        Key("aliases", SetOf(Text)),
        Key("driver_opts", Options, since: 13),
        Key("ipv4_address", Text),
        Key("ipv6_address", Text),
    ]);

    private Rule Ports()
    {
        Rule number = new() { Types = ["number"], Format = PortSpec.SchemaFormat };
        Rule text = new() { Types = ["string"], Format = PortSpec.SchemaFormat };
        return SetOf(_minor < 2
            ? new Rule { Types = ["string", "number"], Format = PortSpec.SchemaFormat }
            : Either(number, text, Mapping(
            [
                Key("mode", Text),
                Key("target", Integer),
                Key("published", Integer),
                Key("protocol", Text),
            ])));
    }

    private static Rule Ulimits() => new()
    {
        Types = ["object"],
        Patterns =
        [
            new Pattern(
                static key => key.Length > 0 && key.All(char.IsAsciiLetterLower),
                Either(Integer, new Rule
                {
                    Types = ["object"],
                    Properties = [new Property("hard", Integer), new Property("soft", Integer)],
                    Required = ["soft", "hard"],
                    Closed = true,
                })),
        ],
    };

    private Rule Mounts() => _minor < 2
        ? SetOf(Text)
        : ListOf(Either(Text, Mapping(
        [
            Key("type", Text),
            Key("source", Text),
            Key("target", Text),
            Key("read_only", Boolean),
            Key("consistency", Text),
            Key("bind", Open([Key("propagation", Text)])),
            Key("volume", Open([Key("nocopy", Boolean)])),
            Key("tmpfs", Open([Key("size", Integer with { Minimum = 0 })]), since: 6),
        ]) with
        { Required = ["type"] }));
}
