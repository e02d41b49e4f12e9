using Skep.Cli.Engine;
using Skep.Model;

namespace Skep.Cli.Stacks;

/// <summary>Which names a stack may have, and which objects are its own.</summary>
internal static class StackNames
{
    public static Query Of(this Query query, string stack) => query.Filter("label", $"{StackLabels.Namespace}={stack}");

    /// <exception cref="CliException">No name at all.</exception>
    public static string Check(string stack) => string.IsNullOrWhiteSpace(stack) || stack.Trim('"', '\'').Trim().Length == 0
        ? throw new CliException($"invalid stack name: \"{stack}\"")
        : stack;
}
