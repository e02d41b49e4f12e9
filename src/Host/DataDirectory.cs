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
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"another daemon uses {path} ({file} is locked); stop it, or choose another with --data-dir", e);
        }
    }
}
