using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>Verbs that end, hold, name and remove containers.</summary>
internal static class ContainerLifecycle
{
    private static readonly Flag<string> Signal = Flag.Text("signal", "Signal to send to the container", 's');
    private static readonly Flag<long?> Timeout = Flag.Number("timeout", "Seconds to wait before killing the container", 't');
    private static readonly Flag<long?> Time = new("time", null, "int", "Seconds to wait before killing the container (deprecated: use --timeout)", static text => GoValues.Signed(text), null) { IsHidden = true };
    private static readonly Flag<bool> ForceRemove = Flag.Switch("force", "Force the removal of a running container (uses SIGKILL)", 'f');
    private static readonly Flag<bool> Link = Flag.Switch("link", "Remove the specified link", 'l');
    private static readonly Flag<bool> Volumes = Flag.Switch("volumes", "Remove anonymous volumes associated with the container", 'v');

    public static readonly Verb Stop = new("[OPTIONS] CONTAINER [CONTAINER...]", "Stop one or more running containers", Arity.Some, [Signal, Timeout, Time], static (call, cancellation) =>
        EachAsync(call, "", name => call.Engine.PostAsync(Ending(call, name, "stop"), cancellation)));

    public static readonly Verb Restart = new("[OPTIONS] CONTAINER [CONTAINER...]", "Restart one or more containers", Arity.Some, [Signal, Timeout, Time], static (call, cancellation) =>
        EachAsync(call, "", name => call.Engine.PostAsync(Ending(call, name, "restart"), cancellation)));

    public static readonly Verb Kill = new("[OPTIONS] CONTAINER [CONTAINER...]", "Kill one or more running containers", Arity.Some, [Signal], static (call, cancellation) =>
        EachAsync(call, "", name => call.Engine.PostAsync(new Query($"/containers/{Query.Escape(name)}/kill").When(call.Given(Signal), "signal", call.Get(Signal)).ToString(), cancellation)));

    public static readonly Verb Pause = new("CONTAINER [CONTAINER...]", "Pause all processes within one or more containers", Arity.Some, [], static (call, cancellation) =>
        EachAsync(call, "", name => call.Engine.PostAsync($"/containers/{Query.Escape(name)}/pause", cancellation)));

    public static readonly Verb Unpause = new("CONTAINER [CONTAINER...]", "Unpause all processes within one or more containers", Arity.Some, [], static (call, cancellation) =>
        EachAsync(call, "", name => call.Engine.PostAsync($"/containers/{Query.Escape(name)}/unpause", cancellation)));

    public static readonly Verb Remove = new("[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers", Arity.Some, [ForceRemove, Link, Volumes], static (call, cancellation) =>
        EachAsync(
            call, "",
            name => call.Engine.DeleteAsync(
                new Query($"/containers/{Query.Escape(name.Trim('/'))}").When(call.Get(ForceRemove), "force", "1").When(call.Get(Link), "link", "1").When(call.Get(Volumes), "v", "1").ToString(), cancellation),
            mayBeGone: call.Get(ForceRemove)));

    public static readonly Verb Rename = new("CONTAINER NEW_NAME", "Rename a container", Arity.Exactly(2), [], static async (call, cancellation) =>
    {
        if (call.Arguments[0].Trim().Length == 0 || call.Arguments[1].Trim().Length == 0)
        {
            throw new CliException("Error: Neither old nor new names may be empty");
        }

        await call.Engine.PostAsync(new Query($"/containers/{Query.Escape(call.Arguments[0])}/rename").With("name", call.Arguments[1]).ToString(), cancellation);
        return 0;
    });

    public static readonly Verb Wait = new("CONTAINER [CONTAINER...]", "Block until one or more containers stop, then print their exit codes", Arity.Some, [], static async (call, cancellation) =>
    {
        List<string> failures = [];
        foreach (string name in call.Arguments)
        {
            try
            {
                call.Out.WriteLine((await await AttachSession.WaitAsync(call, Query.Escape(name), "", cancellation)).ToString(CultureInfo.InvariantCulture));
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
            }
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    });

    public static readonly Verb Prune = new("[OPTIONS]", "Remove all stopped containers", Arity.None, [CommonFlags.PruneFilter, CommonFlags.Force], static async (call, cancellation) =>
    {
        if (!call.Get(CommonFlags.Force) && !await call.Terminal.ConfirmsAsync("WARNING! This will remove all stopped containers.\nAre you sure you want to continue?", "nothing was removed", cancellation))
        {
            return 0;
        }

        WireContainersPruned answer = await call.Engine.PostAsync(
            new Query("/containers/prune").Filters(call.All(CommonFlags.PruneFilter)).ToString(), WireJson.Default.WireContainersPruned, cancellation);
        if (answer.ContainersDeleted is { Count: > 0 } ids)
        {
            call.Out.WriteLine($"Deleted Containers:\n{string.Join('\n', ids)}\n");
        }

        call.Out.WriteLine($"Total reclaimed space: {HumanFormat.Size(answer.SpaceReclaimed)}");
        return 0;
    });

    /// <summary>Does something to each container and prints its name; what fails is told at the end, one line each.</summary>
    /// <param name="summary">Goes before the names of those that failed; empty: nothing does.</param>
    /// <param name="mayBeGone">That there is no such container is no failure.</param>
    public static async Task<int> EachAsync(Invocation call, string summary, Func<string, Task> act, bool mayBeGone = false)
    {
        List<string> failures = [];
        List<string> failed = [];
        foreach (string name in call.Arguments)
        {
            try
            {
                await act(name);
                call.Out.WriteLine(name);
            }
            catch (EngineException gone) when (gone.IsNotFound && mayBeGone)
            {
                call.Out.Flush();
                call.Err.WriteLine(gone.Message); // What is not there need not be removed.
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
                failed.Add(name);
            }
        }

        if (failed.Count > 0 && summary.Length > 0)
        {
            failures.Add(summary + string.Join(", ", failed));
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    private static string Ending(Invocation call, string name, string how)
    {
        if (call.Given(Timeout) && call.Given(Time))
        {
            throw new CliException("conflicting options: cannot specify both --timeout and --time");
        }

        long? seconds = call.Get(Timeout) ?? call.Get(Time);
        return new Query($"/containers/{Query.Escape(name)}/{how}")
            .When(call.Get(Signal).Length > 0, "signal", call.Get(Signal)).When(seconds is not null, "t", (seconds ?? 0).ToString(CultureInfo.InvariantCulture)).ToString();
    }
}
