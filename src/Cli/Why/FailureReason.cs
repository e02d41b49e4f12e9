using System.Globalization;
using System.Text.RegularExpressions;

namespace Skep.Cli.Why;

/// <summary>Says in words what the error of a task that had a node means.</summary>
internal static partial class FailureReason
{
    /// <param name="image">That the tasks were made with.</param>
    public static Finding Explain(string error, string image, IReadOnlyList<string> seen)
    {
        if (error.Contains("No such image", StringComparison.OrdinalIgnoreCase) || error.Contains("pull access denied", StringComparison.OrdinalIgnoreCase))
        {
            return new Finding(
                $"The image {image} could not be had from any source.",
                [.. Sources(error).Select(static source => $"tried {source}"), .. seen],
                ["Check the image's name and tag.", "Load it on any one node ('skep image load -i FILE'): the others fetch it from there.", "For a private registry, 'skep login REGISTRY' (its config.json is read here too) and deploy again with --with-registry-auth."]);
        }

        if (error.Contains("bind source path does not exist", StringComparison.Ordinal))
        {
            string path = error[(error.LastIndexOf(": ", StringComparison.Ordinal) + 2)..];
            return new Finding($"The directory {path}, which the service mounts from the node, does not exist there.", seen,
                [$"Create {path} on every node that may run the service, constrain the service to nodes that have it, or use a volume instead."]);
        }

        if (error.Contains("mount", StringComparison.Ordinal) && !ExitCode().IsMatch(error))
        {
            return new Finding($"A mount of the service could not be made: {error}.", seen, ["Correct it with 'skep service update --mount-rm TARGET --mount-add …'."]);
        }

        if (error.Contains("unhealthy container", StringComparison.Ordinal))
        {
            return new Finding("The containers start, but their health check fails, so they are stopped and replaced.", seen,
                ["Try the health check's command by hand in a container.", "If the program only needs longer to start, raise --health-start-period or --health-retries."]);
        }

        if (ExitCode().Match(error) is { Success: true } exit)
        {
            int code = int.Parse(exit.Groups[1].Value, CultureInfo.InvariantCulture);
            return new Finding($"The program in the container ended with exit code {code}{Meaning(code)}.", seen, [Advice(code)]);
        }

        if (error.Contains("executable file not found", StringComparison.Ordinal) || error.Contains("no such file or directory", StringComparison.Ordinal))
        {
            return new Finding($"The container could not start: {error}.", seen, ["Check the command and arguments of the service: the program is not in the image."]);
        }

        if (error.StartsWith("assigned node no longer meets constraints", StringComparison.Ordinal))
        {
            return new Finding("The task's node does not satisfy the service's constraints any more, so the task was taken from it.", seen, ["Nothing to do if a new task runs elsewhere; otherwise look at the node's labels."]);
        }

        return new Finding($"The tasks fail with: {error}.", seen, ["Look at 'skep service ps --no-trunc' and at the log of the daemon on the node."]);
    }

    /// <summary>The number that stands in for others of its kind, so that equal failures are told once: exit codes stay apart.</summary>
    public static string Kind(string error) => ExitCode().Match(error) is { Success: true } exit ? $"exit {exit.Groups[1].Value}" : error;

    private static string[] Sources(string error)
    {
        int open = error.IndexOf('(', StringComparison.Ordinal);
        return open > 0 && error.EndsWith(')') ? error[(open + 1)..^1].Split("; ") : [];
    }

    private static string Meaning(int code) => code switch
    {
        125 => " (the runtime could not start it)",
        126 => " (its command may not be executed)",
        127 => " (its command was not found)",
        137 => " (killed: by the kernel for want of memory, or because it did not stop in time)",
        139 => " (it crashed: segmentation fault)",
        143 => " (it was asked to stop)",
        _ => "",
    };

    private static string Advice(int code) => code switch
    {
        126 or 127 => "Check the command and arguments of the service against what is in the image.",
        137 => "Raise the memory limit ('skep service update --limit-memory N'), or look what uses so much; 'dmesg' on the node tells of kills.",
        0 => "A program that ends by itself is started again and again: run it in the foreground, or make the service a job (--mode replicated-job).",
        _ => "Read its last words above, or all of them with 'skep service logs'.",
    };

    [GeneratedRegex(@"non-zero exit \((\d+)\)")]
    private static partial Regex ExitCode();
}
