using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Install;

/// <summary>What membership in the socket's group means is said where the group is made, and to whoever is told to join it.</summary>
public sealed class GroupTests : IDisposable
{
    private const string Meaning = "whoever is in it is root on this machine, and on a manager has the cluster";
    private readonly string _folder = Directory.CreateTempSubdirectory("skt-group-").FullName;

    [Fact]
    public async Task Making_the_group_says_what_membership_means()
    {
        Program("getent", "exit 2");
        Program("groupadd", $"echo \"$@\" >{_folder}/made");
        string told = await MakeAsync();
        Assert.StartsWith($"made the group skep, with nobody in it: {Meaning}", told, StringComparison.Ordinal);
        Assert.Equal("--system skep\n", await File.ReadAllTextAsync(Path.Combine(_folder, "made")));
    }

    [Theory]
    [InlineData("", "nobody")]
    [InlineData("ann,bob", "ann,bob")]
    public async Task A_group_that_is_there_is_left_alone_and_says_who_has_it(string members, string named)
    {
        Program("getent", $"echo skep:x:998:{members}");
        Program("groupadd", "exit 9");
        Assert.StartsWith($"group skep: {named} is in it; {Meaning}", await MakeAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("install.sh", "scripts/make-group.sh")]
    [InlineData("README.md", "who is in it is root there")]
    [InlineData("src/Host/Usage.cs", "its members are root here")]
    [InlineData("src/Cli/Engine/ConnectTrouble.cs", "whose members are root there")]
    public async Task Wherever_the_group_is_named_it_is_said(string file, string words)
        => Assert.Contains(words, await File.ReadAllTextAsync(Repository.PathOf(file.Split('/'))), StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> MakeAsync() => (await Command.RunAsync("env", $"PATH={_folder}:/usr/bin:/bin", Repository.PathOf("scripts", "make-group.sh"))).Succeeded().Out;

    private void Program(string name, string does)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{does}\n");
        File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
    }
}
