using Skep.Cli.Parsing;
using Skep.Cli.Services.Values;
using Skep.Wire;

namespace Skep.Cli.Tests;

public sealed class FlagTests
{
    private static readonly Flag<bool> Detach = Flag.Switch("detach", "", 'd');
    private static readonly Flag<bool> Quiet = Flag.Switch("quiet", "", 'q');
    private static readonly ListFlag<string> Env = Flag.List("env", "", 'e');
    private static readonly Flag<string> Args = Flag.Text("args", "");
    private static readonly Flag<ulong?> Replicas = Flag.Count("replicas", "");

    private static readonly Verb Verb = new("", "", Arity.Any, [Detach, Quiet, Env, Args, Replicas], static (_, _) => Task.FromResult(0));

    [Fact]
    public void Letters_may_be_joined_and_carry_values()
    {
        ParsedFlags parsed = FlagReader.Read(Verb, ["-dq", "-eA=1", "-e", "B:2", "-e=C=3", "x"]);
        Assert.Equal(["true"], parsed.Values[Detach]);
        Assert.Equal(["true"], parsed.Values[Quiet]);
        Assert.Equal(["A=1", "B:2", "C=3"], parsed.Values[Env]);
        Assert.Equal(["x"], parsed.Arguments);
    }

    [Fact]
    public void A_switch_never_takes_the_next_word()
    {
        ParsedFlags parsed = FlagReader.Read(Verb, ["--detach", "false", "--quiet=false"]);
        Assert.Equal(["true"], parsed.Values[Detach]);
        Assert.Equal(["false"], parsed.Values[Quiet]);
        Assert.Equal(["false"], parsed.Arguments);
    }

    [Theory]
    [InlineData("--detach")]
    [InlineData("-x -y")]
    [InlineData("")]
    [InlineData("@file")]
    [InlineData("a=b:c")]
    [InlineData("--")]
    public void A_value_may_look_like_anything(string value) =>
        Assert.Equal([value], FlagReader.Read(Verb, ["--args", value]).Values[Args]);

    [Fact]
    public void The_first_argument_ends_the_flags_where_a_command_follows() =>
        Assert.Equal(["image", "sh", "-e", "--detach"], FlagReader.Read(Verb with { FlagsEndAtArgument = true }, ["-d", "image", "sh", "-e", "--detach"]).Arguments);

    [Fact]
    public void No_verb_has_a_flag_or_a_letter_twice()
    {
        foreach ((string words, Func<Verb> make) in VerbTable.All)
        {
            Verb verb = make();
            Assert.True(verb.Flags.DistinctBy(flag => flag.Name).Count() == verb.Flags.Length, words);
            Assert.True(verb.Flags.Where(flag => flag.Letter is not null).DistinctBy(flag => flag.Letter).Count() == verb.Flags.Count(flag => flag.Letter is not null), words);
        }
    }

    [Theory]
    [InlineData("--what", "unknown flag: --what")]
    [InlineData("-z", "unknown shorthand flag: 'z' in -z")]
    [InlineData("--env", "flag needs an argument: --env")]
    [InlineData("--replicas=x", "invalid argument \"x\" for \"--replicas\" flag: strconv.ParseUint: parsing \"x\": invalid syntax")]
    [InlineData("-d=x", "invalid argument \"x\" for \"-d, --detach\" flag: strconv.ParseBool: parsing \"x\": invalid syntax")]
    public void Wrong_words_are_told_as_docker_tells_them(string word, string message)
    {
        UsageException failure = Assert.Throws<UsageException>(() => FlagReader.Read(Verb, [word]));
        Assert.Equal(message, failure.Message);
        Assert.Equal(125, failure.ExitCode);
    }

    [Theory]
    [InlineData("80", "0:80/tcp/ingress")]
    [InlineData("8080:80", "8080:80/tcp/ingress")]
    [InlineData("53:53/udp", "53:53/udp/ingress")]
    [InlineData("8000-8001:80-81", "8000:80/tcp/ingress 8001:81/tcp/ingress")]
    [InlineData("published=8080,target=80,mode=host,protocol=sctp", "8080:80/sctp/host")]
    public void Ports_are_read_in_both_forms(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PortValue.Read(text).Select(port => $"{port.PublishedPort}:{port.TargetPort}/{port.Protocol}/{port.PublishMode}")));

    [Theory]
    [InlineData("127.0.0.1:80:80")]
    [InlineData("x:80")]
    [InlineData("80/icmp")]
    [InlineData("published=80")]
    [InlineData("8000-8002:80-81")]
    public void Wrong_ports_are_refused(string text) => Assert.Throws<FormatException>(() => PortValue.Read(text));

    [Fact]
    public void A_mount_may_have_commas_inside_quotes()
    {
        WireMount mount = MountValue.Read("type=volume,src=v,dst=/d,volume-driver=local,volume-opt=type=nfs,\"volume-opt=o=addr=1.2.3.4,vers=4,soft\"");
        Assert.Equal("addr=1.2.3.4,vers=4,soft", mount.VolumeOptions?.DriverConfig?.Options?["o"]);
        Assert.Throws<FormatException>(() => MountValue.Read("type=bind,source=/x,target=/y,volume-nocopy"));
        Assert.Throws<FormatException>(() => MountValue.Read("type=bind,source=/x"));
    }

    [Theory]
    [InlineData("50m", 52428800)]
    [InlineData("1.5g", 1610612736)]
    [InlineData("64KiB", 65536)]
    [InlineData("10", 10)]
    public void Sizes_are_powers_of_1024(string text, long bytes) => Assert.Equal(bytes, GoValues.Bytes(text));

    [Theory]
    [InlineData("1h2m3s", 3723000000000)]
    [InlineData("1.5s", 1500000000)]
    [InlineData("300ms", 300000000)]
    [InlineData("-1s", -1000000000)]
    [InlineData("0", 0)]
    public void Durations_are_go_s(string text, long nanoseconds) => Assert.Equal(nanoseconds, GoValues.Duration(text));

    [Theory]
    [InlineData("1d")]
    [InlineData("5")]
    [InlineData("")]
    [InlineData("s")]
    public void Wrong_durations_are_refused(string text) => Assert.Throws<FormatException>(() => GoValues.Duration(text));
}
