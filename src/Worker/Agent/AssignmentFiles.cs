using Skep.Rpc.Security;

namespace Skep.Worker.Agent;

/// <summary>Where the last assignments lie for the next agent: most on disk, secrets in memory only.</summary>
internal sealed class AssignmentFiles(string diskDirectory, string memoryDirectory)
{
    private string DiskPath => Path.Combine(diskDirectory, "assignments");

    private string MemoryPath => Path.Combine(memoryDirectory, ".secrets");

    public void Load(AssignmentSet book)
    {
        try
        {
            book.Load(Directory.Exists(diskDirectory) ? Read(DiskPath) : [], Read(MemoryPath));
        }
        catch (Exception e) when (e is Google.Protobuf.InvalidProtocolBufferException or ClusterException)
        {
            // A torn or foreign file: a manager will tell everything anew.
            File.Delete(DiskPath);
        }
    }

    public void Write(byte[] disk, byte[] memory)
    {
        PrivateFile.Replace(MemoryPath, memory);
        PrivateFile.Replace(DiskPath, disk);
    }

    public void Forget()
    {
        File.Delete(DiskPath);
        File.Delete(MemoryPath);
    }

    private static byte[] Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : [];
}
