using Skep.Model.Net;

namespace Skep.Model.Tests.Net;

public sealed class AddressTests
{
    [Theory]
    [InlineData("0.0.0.0", 0u)]
    [InlineData("10.0.1.20", 0x0a000114u)]
    [InlineData("255.255.255.255", 0xffffffffu)]
    public void Ipv4_address_parses_and_prints(string text, uint value)
    {
        Assert.Equal(new Ipv4Address(value), Ipv4Address.Parse(text));
        Assert.Equal(text, new Ipv4Address(value).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("01.2.3.4")]
    [InlineData("1.2.3.256")]
    [InlineData("1..3.4")]
    [InlineData("1.2.3.+4")]
    public void Ipv4_address_refuses_other_text(string text) => Assert.False(Ipv4Address.TryParse(text, out _));

    [Fact]
    public void Prefix_counts_and_contains()
    {
        Ipv4Prefix pool = Ipv4Prefix.Parse("10.0.0.7/8");
        Assert.Equal("10.0.0.0/8", pool.ToString());
        Assert.Equal("10.0.1.0/24", pool.Subnet(24, 1).ToString());
        Assert.Equal("10.0.2.0/24", pool.Subnet(24, 1).Next().ToString());
        Assert.True(pool.Contains(Ipv4Prefix.Parse("10.255.255.0/24")));
        Assert.False(Ipv4Prefix.Parse("10.0.1.0/24").Overlaps(Ipv4Prefix.Parse("10.0.2.0/23")));
        Assert.True(Ipv4Prefix.Parse("10.0.1.0/24").Overlaps(Ipv4Prefix.Parse("10.0.0.0/16")));
        Assert.Equal("10.0.1.255", Ipv4Prefix.Parse("10.0.1.0/24").Last.ToString());
        Assert.Equal(256, Ipv4Prefix.Parse("10.0.1.0/24").Count);
        Assert.Equal("10.0.1.3", Ipv4Prefix.Parse("10.0.1.0/24")[3].ToString());
        Assert.Equal("255.255.255.0", Ipv4Prefix.Parse("10.0.1.0/24").Mask.ToString());
        Assert.Equal(0x100000000L, Ipv4Prefix.Parse("0.0.0.0/0").Count);
    }

    [Fact]
    public void Mac_addresses_derive_from_address_and_index()
    {
        Assert.Equal("02:42:0a:00:01:03", MacAddress.ForTask(Ipv4Address.Parse("10.0.1.3")).ToString());
        Assert.Equal("02:53:58:00:01:02", MacAddress.ForNode(0x0102).ToString());
        Assert.Equal(MacAddress.ForNode(7), MacAddress.Parse("02:53:58:00:00:07"));
        byte[] bytes = new byte[6];
        MacAddress.Parse("02:53:58:0a:0B:07").WriteTo(bytes);
        Assert.Equal(MacAddress.Parse("02:53:58:0a:0b:07"), MacAddress.FromBytes(bytes));
    }
}
