using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>cp</c>, <c>diff</c>, <c>export</c>: files of containers.</summary>
/// <remarks>Source: docs.docker.com reference of docker container cp, for what a destination that exists or not means.</remarks>
internal static class ContainerCopy
{
    private const uint DirectoryBit = 1u << 31;
    private static readonly Flag<bool> Archive = Flag.Switch("archive", "Archive mode (copy all uid/gid information)", 'a');
    private static readonly Flag<bool> FollowLink = Flag.Switch("follow-link", "Always follow symbol link in SRC_PATH", 'L');
    private static readonly Flag<bool> Quiet = Flag.Switch("quiet", "Suppress progress output during copy", 'q');
    private static readonly Flag<string> Output = Flag.Text("output", "Write to a file, instead of STDOUT", 'o');

    public static readonly Verb Copy = new("[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tskep cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
        "Copy files/folders between a container and the local filesystem", Arity.Exactly(2), [Archive, FollowLink, Quiet], CopyAsync);

    public static readonly Verb Diff = new("CONTAINER", "Inspect changes to files or directories on a container's filesystem", Arity.One, [CommonFlags.Format], static async (call, cancellation) =>
    {
        List<WireChange> changes = await call.Engine.GetAsync($"/containers/{Query.Escape(call.Arguments[0])}/changes", WireJson.Default.ListWireChange, cancellation);
        foreach (WireChange change in changes)
        {
            call.Out.WriteLine($"{(change.Kind switch { 0 => 'C', 1 => 'A', _ => 'D' })} {change.Path}");
        }

        return 0;
    });

    public static readonly Verb Export = new("[OPTIONS] CONTAINER", "Export a container's filesystem as a tar archive", Arity.One, [Output], static async (call, cancellation) =>
    {
        string file = call.Get(Output);
        if (file.Length == 0 && call.Terminal.IsInteractive)
        {
            throw new CliException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        }

        using EngineReply reply = await call.Engine.SendAsync("GET", $"/containers/{Query.Escape(call.Arguments[0])}/export", null, null, cancellation);
        await using Stream output = file.Length > 0 ? File.Create(Path.Combine(call.Terminal.CurrentDirectory, file)) : call.Terminal.OpenOutput();
        await reply.Body.CopyToAsync(output, cancellation);
        return 0;
    });

    private static async Task<int> CopyAsync(Invocation call, CancellationToken cancellation)
    {
        (string? from, string source) = Split(call.Arguments[0]);
        (string? to, string target) = Split(call.Arguments[1]);
        switch (from, to)
        {
            case (null, null):
                throw new CliException("must specify at least one container source");
            case (not null, not null):
                throw new CliException("copying between containers is not supported");
            case (not null, null):
                await OutAsync(call, from, source, target, cancellation);
                break;
            case (null, not null):
                await InAsync(call, source, to, target, cancellation);
                break;
        }

        return 0;
    }

    /// <summary><c>container:path</c>; a path that begins with / or . is local even with a colon.</summary>
    internal static (string? Container, string Path) Split(string argument)
    {
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || argument[0] is '/' or '.' ? (null, argument) : (argument[..colon], argument[(colon + 1)..]);
    }

    private static async Task OutAsync(Invocation call, string container, string source, string target, CancellationToken cancellation)
    {
        if (call.Get(FollowLink) && (await StatAsync(call, container, source, cancellation))?.LinkTarget is { Length: > 0 } link)
        {
            source = link;
        }

        using EngineReply reply = await call.Engine.SendAsync("GET", ArchivePath(container, source).ToString(), null, null, cancellation);
        if (target == "-")
        {
            await using Stream output = call.Terminal.OpenOutput();
            await reply.Body.CopyToAsync(output, cancellation);
            return;
        }

        string place = Path.Combine(call.Terminal.CurrentDirectory, target);
        bool isIntoDirectory = Directory.Exists(place);
        if (!isIntoDirectory && target.EndsWith('/'))
        {
            throw new CliException($"destination directory \"{target}\" must exist");
        }

        string root = isIntoDirectory ? place : Path.GetDirectoryName(place)!;
        if (!Directory.Exists(root))
        {
            throw new CliException($"invalid output path: directory \"{root}\" does not exist");
        }

        // The archive's first part is the source's name; a destination that does not exist gives it another.
        await using Stream archive = reply.Body;
        await LocalTar.ExtractAsync(archive, root, isIntoDirectory ? null : Path.GetFileName(place), cancellation);
    }

    private static async Task InAsync(Invocation call, string source, string container, string target, CancellationToken cancellation)
    {
        string directory = target;
        Func<Stream, Task> write;
        if (source == "-")
        {
            write = async body =>
            {
                await using Stream input = call.Terminal.OpenInput();
                await input.CopyToAsync(body, cancellation);
            };
        }
        else
        {
            string place = Path.Combine(call.Terminal.CurrentDirectory, source);
            if (!Path.Exists(place))
            {
                throw new CliException($"lstat {place}: no such file or directory");
            }

            WirePathStat? there = await StatAsync(call, container, target, cancellation);
            if (there?.LinkTarget is { Length: > 0 } link)
            {
                target = directory = link;
                there = await StatAsync(call, container, target, cancellation);
            }

            bool isSourceDirectory = Directory.Exists(place);
            bool isTargetDirectory = there is not null && (there.Mode & DirectoryBit) != 0;
            if (isSourceDirectory && there is not null && !isTargetDirectory)
            {
                throw new CliException("cannot copy directory");
            }

            if (!isTargetDirectory && target.EndsWith('/') && !isSourceDirectory)
            {
                throw new CliException("destination directory \"" + target + "\" must exist");
            }

            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(place)));
            if (isTargetDirectory)
            {
                name = source.EndsWith("/.", StringComparison.Ordinal) || source == "." ? "" : name;
            }
            else
            {
                string whole = target.TrimEnd('/');
                name = whole[(whole.LastIndexOf('/') + 1)..];
                directory = whole.Contains('/', StringComparison.Ordinal) ? whole[..(whole.LastIndexOf('/') + 1)] : "/";
            }

            bool follows = call.Get(FollowLink);
            write = body => LocalTar.WriteAsync(body, place, name, follows, cancellation);
        }

        Query path = ArchivePath(container, directory).With("noOverwriteDirNonDir", "true").When(call.Get(Archive), "copyUIDGID", "true");
        using EngineReply reply = await call.Engine.SendAsync("PUT", path.ToString(), EngineBody.Tar(write), null, cancellation);
    }

    private static Query ArchivePath(string container, string path) => new Query($"/containers/{Query.Escape(container)}/archive").With("path", path);

    /// <summary>Null when there is no such file.</summary>
    private static async Task<WirePathStat?> StatAsync(Invocation call, string container, string path, CancellationToken cancellation)
    {
        try
        {
            using EngineReply reply = await call.Engine.SendAsync("HEAD", ArchivePath(container, path).ToString(), null, null, cancellation);
            string text = reply.Header("X-Docker-Container-Path-Stat") ?? "";
            return JsonSerializer.Deserialize(Encoding.UTF8.GetString(Convert.FromBase64String(text)), WireJson.Default.WirePathStat);
        }
        catch (EngineException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }
}
