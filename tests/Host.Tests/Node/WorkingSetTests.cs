namespace Skep.Host.Tests.Node;

/// <summary>Which mappings of a process may be given back.</summary>
public sealed class WorkingSetTests
{
    private const string Smaps = """
        55d0-55d8 r-xp 00001000 08:01 42 /usr/bin/skepd
        Size:                 32 kB
        Rss:                  28 kB
        Shared_Dirty:          0 kB
        Private_Dirty:         0 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me
        55d8-55e0 r-xp 00009000 08:01 42 /usr/bin/skepd
        Rss:                   8 kB
        Private_Dirty:         4 kB
        Anonymous:             4 kB
        55e0-55f0 rw-p 00011000 08:01 42 /usr/bin/skepd
        Rss:                  12 kB
        Private_Dirty:        12 kB
        7f00-7f10 r-xs 00000000 00:01 7 /memfd:doublemapper (deleted)
        Rss:                  64 kB
        7f20-7f30 r--s 00000000 08:01 42 /usr/bin/skepd
        Rss:                  16 kB
        7f30-7f40 rw-p 00000000 00:00 0
        Rss:                 100 kB
        """;

    [Fact]
    public void Only_what_is_read_from_files_and_was_never_written_is_given_back()
        => Assert.Equal([(0x55d0ul, 28L), (0x7f20ul, 16L)], WorkingSet.Parse(Smaps.Split('\n')).Where(m => m.IsCleanCode).Select(m => (m.Start, m.ResidentKiB)));

    [Fact]
    public void Code_given_back_is_still_there_when_it_is_called() => Assert.True(WorkingSet.GiveBackCode() > 0);
}
