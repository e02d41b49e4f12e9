namespace Skep.Bench.Cluster;

/// <summary>What to measure, and on what.</summary>
internal sealed record Settings
{
    public string Host { get; init; } = "unix:///run/skep-dev/n1.sock";

    /// <summary>Any image with a program that waits; it must be where the engine finds it.</summary>
    public string Image { get; init; } = "getstarted/web:latest";

    public string[] Command { get; init; } = ["/usr/bin/perl", "-e", "$SIG{TERM} = sub { exit 0 }; sleep 1 while 1"];

    public string Network { get; init; } = "bench-net";

    public int Repeats { get; init; } = 9;

    public int Scale { get; init; } = 100;

    public int Services { get; init; } = 800;

    /// <summary>Our command line; empty: only docker's is measured.</summary>
    public string Skep { get; init; } = File.Exists("out/skep") ? Path.GetFullPath("out/skep") : "";

    /// <summary>Starts of each command line.</summary>
    public int Starts { get; init; } = 20;

    public string[] Scenarios { get; init; } = [];

    /// <summary>Run directory of a cluster.sh cluster: where the daemons' pid files are. Empty: scenarios that kill are left out.</summary>
    public string ClusterRun { get; init; } = "";

    /// <summary>Where pictures of the dashboard go; empty: none are taken.</summary>
    public string Pictures { get; init; } = "";

    public bool Wants(string scenario) => Scenarios.Length == 0 || Scenarios.Contains(scenario, StringComparer.Ordinal);

    public static Settings Parse(string[] args)
    {
        var settings = new Settings();
        for (int i = 0; i < args.Length; i++)
        {
            string Next() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value");
            settings = args[i] switch
            {
                "--host" => settings with { Host = Next() },
                "--image" => settings with { Image = Next() },
                "--command" => settings with { Command = Next().Split(' ') },
                "--network" => settings with { Network = Next() },
                "--skep" => settings with { Skep = Next() },
                "--repeats" => settings with { Repeats = int.Parse(Next()) },
                "--scale" => settings with { Scale = int.Parse(Next()) },
                "--services" => settings with { Services = int.Parse(Next()) },
                "--pictures" => settings with { Pictures = Next(), Scenarios = ["pictures"] },
                "--cluster-run" => settings with { ClusterRun = Next() },
                _ when !args[i].StartsWith('-') => settings with { Scenarios = [.. settings.Scenarios, args[i]] },
                _ => throw new ArgumentException($"unknown option {args[i]}"),
            };
        }

        return settings;
    }
}
