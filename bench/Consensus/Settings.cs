namespace Skep.Bench.Consensus;

internal enum Scenario
{
    Table,
    Failover,
    Kill,
}

/// <summary>What to measure, how often, and where the members may write.</summary>
internal sealed record Settings(Scenario Scenario)
{
    public const string Usage = """
        bench-consensus SCENARIO [OPTION...]
        The same replicated log on RaftNode and on DotNext.Net.Cluster: three processes on loopback, commands of 300 bytes, engines in turns.

          table       writes a second, latency, processor time, allocation and memory at 1, 8 and 64 clients
          failover    the leader is killed: how long until the next write is accepted
          kill        one follower is stopped, then the leader is lost and the other follower killed and started again:
                      counts acknowledged writes that are gone; ends with 1 if RaftNode lost one

          --rounds N      rounds of table (5)
          --runs N        runs of failover and kill, for each engine (12)
          --engines LIST  of raftnode, dotnext, dotnext-flushing, with commas between (all)
          --data DIR      where members keep their logs; on a disk, not in memory (/var/tmp)
        """;

    public int Rounds { get; init; } = 5;

    public int Runs { get; init; } = 12;

    public EngineKind[] Engines { get; init; } = Enum.GetValues<EngineKind>();

    /// <summary>Each group makes a directory of its own here, and removes it.</summary>
    public string Data { get; init; } = "/var/tmp";

    public static Settings Parse(string[] args)
    {
        var settings = new Settings(args[0] switch
        {
            "table" => Scenario.Table,
            "failover" => Scenario.Failover,
            "kill" => Scenario.Kill,
            _ => throw new ArgumentException($"unknown scenario {args[0]}"),
        });
        for (int i = 1; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value");
            settings = args[i] switch
            {
                "--rounds" => settings with { Rounds = Count(args[i], value) },
                "--runs" => settings with { Runs = Count(args[i], value) },
                "--engines" => settings with { Engines = [.. value.Split(',').Select(EngineKinds.Parse)] },
                "--data" => settings with { Data = Path.GetFullPath(value) },
                _ => throw new ArgumentException($"unknown option {args[i]}"),
            };
        }

        return settings;
    }

    /// <summary>In memory a flush costs nothing, and half of what is measured here is flushes.</summary>
    public void CheckData()
    {
        Directory.CreateDirectory(Data);
        if (new DriveInfo(Data).DriveFormat is "tmpfs" or "ramfs")
        {
            throw new ArgumentException($"{Data} is in memory; name a directory on a disk with --data");
        }
    }

    private static int Count(string option, string value) =>
        int.TryParse(value, out int count) && count > 0 ? count : throw new ArgumentException($"{option} needs a number above zero, not {value}");
}
