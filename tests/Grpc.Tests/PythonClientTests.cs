using System.Diagnostics;

namespace GrpcTests;

/// <summary>C-core as the client of our server. The cases are in probe_peer.py; each prints one line.</summary>
[Collection("peers")]
public sealed class PythonClientTests(Peers peers)
{
    [PythonTheory]
    [InlineData("unix", 25)]
    [InlineData("tcp", 25)]
    [InlineData("mtls", 26)]
    public async Task Python_client_is_served(string way, int cases)
    {
        string[] arguments = way switch
        {
            "unix" => ["client", "unix:" + peers.Host.UnixPath],
            "tcp" => ["client", $"127.0.0.1:{peers.Host.TcpPort}"],
            _ => ["client", $"127.0.0.1:{peers.Host.TlsPort}", peers.Folder],
        };
        using Process client = PythonPeer.Start(arguments);
        string output = await client.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.All(l => l.StartsWith("ok ", StringComparison.Ordinal)), output);
        Assert.True(lines.Length == cases, $"{lines.Length} cases ran:\n{output}");
    }

    [PythonFact]
    public async Task Python_cancellation_reaches_our_handler()
    {
        using Process client = PythonPeer.Start("client", $"127.0.0.1:{peers.Host.TcpPort}");
        await peers.Host.Log.WaitFor("cancelled py-cancel");
        await client.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
    }
}
