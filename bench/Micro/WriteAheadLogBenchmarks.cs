using BenchmarkDotNet.Attributes;
using Skep.Raft;

namespace Skep.Micro;

/// <summary>One group of 256-byte entries appended and made durable on the disk of the temporary directory.</summary>
[MemoryDiagnoser]
public class WriteAheadLogBenchmarks
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"skt-micro-wal-{Environment.ProcessId}");
    private readonly byte[] _data = new byte[256];
    private DiskRaftFiles? _files;
    private WriteAheadLog? _log;
    private Entry[] _group = [];
    private ulong _index;

    [Params(1, 64, 512)]
    public int GroupSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _files = DiskRaftFiles.OpenDirectory(_path);
        _log = WriteAheadLog.Open(_files, new byte[32], new WriteAheadLogOptions(), out _);
        _group = new Entry[GroupSize];
        _index = 0;
    }

    [Benchmark]
    public void AppendAndSync()
    {
        for (int i = 0; i < _group.Length; i++)
        {
            _group[i] = new Entry(1, ++_index, EntryKind.Normal, _data);
        }

        _log!.Append(_group);
        _log.Sync();
        if (_index % 65_536 < (ulong)_group.Length)
        {
            _log.MarkSnapshot(_index, 1);
            _log.DropBefore(_index);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _log?.Dispose();
        _files?.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}
