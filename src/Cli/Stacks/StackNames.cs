using Skep.Cli.Engine;

namespace Skep.Cli.Stacks;

/// <summary>What marks the objects of a stack.</summary>
internal static class StackNames
{
    public const string Label = "com.docker.stack.namespace";
    public const string ImageLabel = "com.docker.stack.image";

    public static Query Of(this Query query, string stack) => query.Filter("label", $"{Label}={stack}");

    /// <exception cref="CliException">No name at all.</exception>
    public static string Check(string stack) => string.IsNullOrWhiteSpace(stack) || stack.Trim('"', '\'').Trim().Length == 0
        ? throw new CliException($"invalid stack name: \"{stack}\"")
        : stack;
}
