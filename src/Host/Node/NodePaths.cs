namespace Skep.Host.Node;

/// <summary>What lies where below the data and run directories of one node.</summary>
internal sealed record NodePaths(string DataDirectory, string RunDirectory)
{
    public string Identity => Path.Combine(DataDirectory, "certificates", "node.pem");

    public string NodeRecord => Path.Combine(DataDirectory, "node.json");

    public string Manager => Path.Combine(DataDirectory, "manager");

    public string Worker => Path.Combine(DataDirectory, "worker");

    public string WorkerRun => Path.Combine(RunDirectory, "worker");

    /// <summary>Where this node's Engine API answers what managers relay to it.</summary>
    public string RelaySocket => Path.Combine(RunDirectory, "relay.sock");

    public string Namespaces => Path.Combine(RunDirectory, "netns");
}
