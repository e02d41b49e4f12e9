namespace Skep.Compose;

/// <summary>Writes a loaded project as YAML.</summary>
public static class ComposeWriter
{
    /// <summary>What <c>stack config</c> prints, final line break included.</summary>
    public static string ToYaml(ComposeProject project) => throw new NotSupportedException("being written");
}
