namespace Skep.Cli;

/// <summary>Ends a verb with one message on standard error.</summary>
internal class CliException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>The words of the command line make no sense. Exits with 125, as Docker does.</summary>
internal sealed class UsageException(string message, int exitCode = 125) : CliException(message, exitCode);
