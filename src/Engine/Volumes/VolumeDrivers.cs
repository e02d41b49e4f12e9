namespace Skep.Engine.Volumes;

/// <summary>The volume drivers this engine has. Nobody else compares their names.</summary>
public static class VolumeDrivers
{
    /// <summary>Docker's own: a directory of the node, or what options of mount(8) put there.</summary>
    public const string Local = "local";

    /// <summary>As <c>docker info</c> and the scheduler know them.</summary>
    public static ValueList<string> Names { get; } = [Local];

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: this node does not have it.</exception>
    internal static string Choose(Driver? asked) => asked switch
    {
        null or { Name: "" or Local } => Local,
        var other => throw ClusterException.Invalid($"volume driver {other.Name} is not available on this node (only local is)"),
    };
}
