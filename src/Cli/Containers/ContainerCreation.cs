using System.Net;
using Skep.Cli.Engine;
using Skep.Cli.Images;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>create</c>, and the first half of <c>run</c>: the container is made, its image fetched where it is missing.</summary>
internal static class ContainerCreation
{
    public static readonly Verb Create = new("[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new container", Arity.Some, ContainerFlags.Shared, static async (call, cancellation) =>
    {
        WireContainerCreate body;
        try
        {
            body = ContainerCreateBody.From(call);
        }
        catch (CliException wrong)
        {
            throw new CliException($"skep: {wrong.Message}\n\nRun 'skep create --help' for more information", 125);
        }

        call.Out.WriteLine(await MakeAsync(call, body, cancellation));
        return 0;
    })
    {
        FlagsEndAtArgument = true,
    };

    /// <returns>The id.</returns>
    public static async Task<string> MakeAsync(Invocation call, WireContainerCreate body, CancellationToken cancellation)
    {
        string idFile = call.Get(ContainerFlags.CidFile);
        idFile = idFile.Length > 0 ? Path.GetFullPath(idFile, call.Terminal.CurrentDirectory) : "";
        if (idFile.Length > 0 && File.Exists(idFile))
        {
            throw new CliException($"container ID file found, make sure the other container isn't running or delete {call.Get(ContainerFlags.CidFile)}");
        }

        string pull = call.Get(ContainerFlags.Pull);
        if (pull == "always")
        {
            await PullAsync(call, body.Image!, cancellation);
        }

        WireContainerCreated made;
        try
        {
            made = await SendAsync(call, body, cancellation);
        }
        catch (EngineException failure) when (failure.Status == HttpStatusCode.NotFound && pull is "missing" or "" && failure.Message.Contains("No such image", StringComparison.OrdinalIgnoreCase))
        {
            // Standard output is for the id and the program alone.
            call.Err.WriteLine($"Unable to find image '{ImageReference.WithTag(body.Image!)}' locally");
            await PullAsync(call, body.Image!, cancellation);
            made = await SendAsync(call, body, cancellation);
        }

        foreach (string warning in made.Warnings ?? [])
        {
            call.Err.WriteLine($"WARNING: {warning}");
        }

        if (idFile.Length > 0)
        {
            await File.WriteAllTextAsync(idFile, made.Id, cancellation);
        }

        return made.Id ?? throw new CliException("the daemon made a container without an id");
    }

    private static Task<WireContainerCreated> SendAsync(Invocation call, WireContainerCreate body, CancellationToken cancellation)
    {
        Query query = new Query("/containers/create")
            .When(call.Given(ContainerFlags.Name), "name", call.Get(ContainerFlags.Name)).When(call.Given(ContainerFlags.Platform), "platform", call.Get(ContainerFlags.Platform));
        return call.Engine.PostAsync(query.ToString(), body, WireJson.Default.WireContainerCreate, WireJson.Default.WireContainerCreated, cancellation);
    }

    private static async Task PullAsync(Invocation call, string image, CancellationToken cancellation)
    {
        (string repository, string tag) = ImageReference.Full(image);
        Query query = new Query("/images/create").With("fromImage", repository).With("tag", tag).When(call.Given(ContainerFlags.Platform), "platform", call.Get(ContainerFlags.Platform));
        using EngineReply reply = await call.Engine.SendAsync("POST", query.ToString(), null, RegistryAuth.For(call.Terminal, image), cancellation);
        await ProgressStream.PrintAsync(call.Err, reply, call.Get(ContainerFlags.Quiet), cancellation);
    }
}
