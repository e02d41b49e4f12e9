namespace Skep.Host;

/// <summary>The node's data belongs to one daemon at a time.</summary>
internal static class DataDirectory
{
    /// <summary>Takes the directory until disposed or the process ends. Asked before anything of an earlier run is touched.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: another daemon has it.</exception>
    public static FileStream Own(string path)
    {
        const UnixFileMode RootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(path, RootOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        string file = Path.Combine(path, "skepd.lock");
        try
        {
            // Whoever may open it may lock it, and then no daemon starts: root alone may.
            FileStream held = new(file, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            File.SetUnixFileMode(held.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite); // one made by an earlier version
            return held;
        }
        catch (IOException e)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"another daemon uses {path} ({file} is locked); stop it, or choose another with --data-dir", e);
        }
    }
}
