namespace Skep.Engine.Logs;

/// <summary>The log drivers this engine has, and what a container's choice among them means. Nobody else compares their names.</summary>
public static class LogDrivers
{
    private const string JsonFile = "json-file";
    private const string Local = "local";
    private const string None = "none";

    /// <summary>As <c>docker info</c> and the scheduler know them.</summary>
    public static ValueList<string> Names { get; } = [JsonFile, Local, None];

    /// <summary>The driver of a container that names none.</summary>
    public static string Default => JsonFile;

    /// <summary>Whether output of a container with this driver can be read again.</summary>
    public static bool CanRead(string name) => name != None;

    /// <summary>What inspect shows: the driver a container asked for by name, or has by default.</summary>
    internal static string NameOf(Driver? asked) => asked is { Name.Length: > 0 } driver ? driver.Name : Default;

    /// <summary>The driver of a container of which only this is known.</summary>
    internal static string NameOf(ContainerLog? log) => log is null ? None : Default;

    /// <summary>Where a container's output goes.</summary>
    /// <param name="asked">Null: the engine's own choice.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: driver or option is not offered here.</exception>
    internal static LogSettings Choose(Driver? asked, EngineOptions options)
    {
        Driver driver = asked ?? options.LogDriver;
        return NameOf(driver) switch
        {
            None => LogSettings.Nowhere,
            JsonFile => LogSettings.OfJsonFile(driver.Options),
            Local => LogSettings.OfLocal(driver.Options),
            var other => throw ClusterException.Invalid($"logger: no log driver named '{other}' is registered on this node (json-file, local and none are)"),
        };
    }
}
