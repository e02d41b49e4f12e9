using BenchmarkDotNet.Attributes;
using Skep.Raft;

namespace Skep.Micro;

/// <summary>One group of 256-byte entries appended and made durable on the disk of the temporary directory.</summary>
[MemoryDiagnoser]
public class WriteAheadLogBenchmarks
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"skt-micro-wal-{Environment.ProcessId}");
    private readonly byte[] data = new byte[256];
    private DiskRaftFiles? files;
    private WriteAheadLog? log;
    private Entry[] group = [];
    private ulong index;

    [Params(1, 64, 512)]
    public int GroupSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        files = DiskRaftFiles.OpenDirectory(path);
        log = WriteAheadLog.Open(files, new byte[32], new WriteAheadLogOptions(), out _);
        group = new Entry[GroupSize];
        index = 0;
    }

    [Benchmark]
    public void AppendAndSync()
    {
        for (int i = 0; i < group.Length; i++)
        {
            group[i] = new Entry(1, ++index, EntryKind.Normal, data);
        }

        log!.Append(group);
        log.Sync();
        if (index % 65_536 < (ulong)group.Length)
        {
            log.MarkSnapshot(index, 1);
            log.DropBefore(index);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        log?.Dispose();
        files?.Dispose();
        Directory.Delete(path, recursive: true);
    }
}
