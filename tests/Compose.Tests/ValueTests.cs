namespace Skep.Compose.Tests;

public sealed class ValueTests
{
    [Theory]
    [InlineData("1h30m", "1h30m0s")]
    [InlineData("90s", "1m30s")]
    [InlineData("1.5s", "1.5s")]
    [InlineData("250ms", "250ms")]
    [InlineData("1us", "1µs")]
    [InlineData("7ns", "7ns")]
    [InlineData("-1m", "-1m0s")]
    [InlineData("0", "0s")]
    [InlineData("1h2m3.004005006s", "1h2m3.004005006s")]
    public void Duration_is_written_as_go_writes_it(string text, string written) =>
        Assert.Equal(written, ComposeDuration.TryParse(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("1d")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("1 s")]
    [InlineData("9999999h")]
    public void Text_without_unit_or_number_is_no_duration(string text) => Assert.Null(ComposeDuration.TryParse(text));

    [Theory]
    [InlineData("1024", 1024)]
    [InlineData("50M", 52428800)]
    [InlineData("50mb", 52428800)]
    [InlineData("1.5 GiB", 1610612736)]
    [InlineData("2b", 2)]
    public void Size_knows_units_of_1024(string text, long bytes)
    {
        Assert.Equal(bytes, ByteSize.Parse(text, out string? fault));
        Assert.Null(fault);
    }

    [Theory]
    [InlineData("lots", "invalid size: 'lots'")]
    [InlineData("1x", "invalid suffix: 'x'")]
    [InlineData("1kib2", "strconv.ParseFloat: parsing \"1kib2\": invalid syntax")]
    [InlineData("-1m", "invalid size: '-1m'")]
    public void Size_without_sense_is_refused(string text, string why)
    {
        ByteSize.Parse(text, out string? fault);
        Assert.Equal(why, fault);
    }

    [Theory]
    [InlineData("a 'b c' \"d \\\" e\" f\\ g", "a|b c|d \" e|f g")]
    [InlineData("run # the rest", "run")]
    [InlineData("a#b ''", "a#b|")]
    [InlineData("", "")]
    public void Command_line_splits_as_in_a_shell(string line, string words)
    {
        Assert.Equal(words, string.Join('|', ShellWords.Split(line, out string? fault)));
        Assert.Null(fault);
    }

    [Theory]
    [InlineData("017", "15")]
    [InlineData("0o17", "15")]
    [InlineData("0x1F", "31")]
    [InlineData("1_000", "1000")]
    [InlineData("08", "8")]
    [InlineData("1e3", "1000")]
    [InlineData("1e6", "1e+06")]
    [InlineData("0.00001", "1e-05")]
    [InlineData("1.50", "1.5")]
    [InlineData("on", "on")]
    [InlineData("22:22", "22:22")]
    [InlineData("2001-12-14", "2001-12-14 00:00:00 +0000 UTC")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("-", "-")]
    public void Plain_scalar_reads_as_in_yaml_1_1(string text, string meaning) => Assert.Equal(meaning, GoText.Of(YamlScalar.Plain(text)));

    [Fact]
    public void Keys_sort_numbers_by_value_and_signs_before_letters()
    {
        string[] keys = ["b", "a10", "a9", "a-1", "a_1", "ab", "10", "9", "A"];

        Assert.Equal(["9", "10", "A", "a-1", "a_1", "a9", "a10", "ab", "b"], keys.Order(KeyOrder.Instance));
    }

    [Theory]
    [InlineData("nginx", "nginx:latest")]
    [InlineData("docker.io/library/nginx", "nginx:latest")]
    [InlineData("docker.io/team/app:1", "team/app:1")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("registry:5000/app", "registry:5000/app:latest")]
    public void Image_gets_short_name_and_tag(string image, string named) => Assert.Equal(named, ImageName.WithTag(image));

    [Theory]
    [InlineData("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase")]
    [InlineData("a//b", "invalid reference format")]
    [InlineData("", "no image specified")]
    public void Image_that_is_no_reference_is_refused(string image, string why)
    {
        ComposeException fault = Assert.Throws<ComposeException>(() => ImageName.Check("web", image));
        Assert.Equal($"invalid image reference for service web: {why}", fault.Message);
    }

    [Theory]
    [InlineData("0.5", 500_000_000)]
    [InlineData("1/4", 250_000_000)]
    [InlineData("1e-3", 1_000_000)]
    [InlineData("", 0)]
    public void Cpus_may_be_any_rational_number(string cpus, long nano) => Assert.Equal(nano, DeployConverter.NanoCpus(cpus));

    [Fact]
    public void Cpus_below_a_billionth_are_refused() =>
        Assert.Equal("value is too precise", Assert.Throws<StackException>(() => DeployConverter.NanoCpus("0.0000000001")).Message);
}
