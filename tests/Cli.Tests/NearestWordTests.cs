using Skep.Cli.Parsing;

namespace Skep.Cli.Tests;

public sealed class NearestWordTests
{
    private static readonly string[] Words = ["service", "secret", "stack", "swarm", "ps", "rm", "run", "update"];

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "abc", 0)]
    [InlineData("servce", "service", 1)] // put in
    [InlineData("sservice", "service", 1)] // left out
    [InlineData("servixe", "service", 1)] // replaced
    [InlineData("fromat", "format", 1)] // exchanged
    [InlineData("ca", "abc", 3)] // no part is edited twice
    [InlineData("kitten", "sitting", 3)]
    public void Mistakes_are_counted_the_same_both_ways(string left, string right, int mistakes)
    {
        Assert.Equal(mistakes, NearestWord.Mistakes(left, right));
        Assert.Equal(mistakes, NearestWord.Mistakes(right, left));
    }

    [Theory]
    [InlineData("servce", "service")]
    [InlineData("sercet", "secret")]
    [InlineData("serv", "service")]
    [InlineData("up", "update")] // what it begins is meant before what is near: "ps"
    [InlineData("sp", "ps")]
    [InlineData("stakc", "stack")]
    [InlineData("zebra", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void The_nearest_is_found_and_nothing_far(string word, string? nearest) => Assert.Equal(nearest, NearestWord.Of(word, Words));
}
