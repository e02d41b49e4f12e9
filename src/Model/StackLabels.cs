namespace Skep.Model;

/// <summary>The labels by which a stack knows its own objects; there is no other record of a stack.</summary>
/// <remarks>Source: docker/cli:cli/compose/convert, version 28.2.2.</remarks>
public static class StackLabels
{
    /// <summary>The stack's name, on each of its objects and containers.</summary>
    public const string Namespace = "com.docker.stack.namespace";

    /// <summary>The image as the compose file names it; the service's own may be pinned to a digest.</summary>
    public const string Image = "com.docker.stack.image";
}
