using Skep.Overlay.Dns;

namespace Skep.Overlay.Tests;

public sealed class DnsCountsTests
{
    [Fact]
    public void Counts_of_one_program_go_on_in_the_next_and_both_may_count_at_once()
    {
        string folder = Directory.CreateTempSubdirectory("skt-overlay-").FullName, path = DnsCounts.PathBeside(Path.Combine(folder, "names.sock"));
        Assert.Empty(DnsCounts.Read(path));
        using (var first = new DnsCounts(path))
        {
            using var second = new DnsCounts(path);
            Parallel.For(0, 1000, _ =>
            {
                first.Count(DnsOutcome.Known);
                second.Count(DnsOutcome.Known);
            });
            second.Count(DnsOutcome.Refused);
        }

        using (var later = new DnsCounts(path))
        {
            later.Count(DnsOutcome.Failed);
        }

        Assert.Equal(
            [KeyValuePair.Create(DnsOutcome.Known, 2000L), KeyValuePair.Create(DnsOutcome.Forwarded, 0L), KeyValuePair.Create(DnsOutcome.Failed, 1L), KeyValuePair.Create(DnsOutcome.Refused, 1L)],
            DnsCounts.Read(path));
        Directory.Delete(folder, recursive: true);
    }
}
