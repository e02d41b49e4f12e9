using System.Diagnostics;
using Grpc.Net.Client;
using ProbeProto;

namespace GrpcTests;

[CollectionDefinition("peers")]
public sealed class PeersCollection : ICollectionFixture<Peers>;

/// <summary>Both servers, each reachable three ways, started once for all tests.</summary>
public sealed class Peers : IAsyncLifetime
{
    private readonly Dictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);
    private Process? _python;

    /// <summary>Names of what a C# client is tested against; the Python ones are there if Python is.</summary>
    public static TheoryData<string> All
    {
        get
        {
            var all = new TheoryData<string>("csharp unix", "csharp tcp", "csharp mtls");
            if (PythonPeer.IsPresent)
            {
                all.AddRange("python unix", "python tcp", "python mtls");
            }

            return all;
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("skt-grpc-").FullName;

    public Certificates Certificates { get; private set; } = null!;

    public ProbeHost Host { get; private set; } = null!;

    public int PythonTlsPort { get; private set; }

    public async Task InitializeAsync()
    {
        Certificates = Certificates.Create(Folder);
        Host = await ProbeHost.StartAsync(Folder, Certificates);
        _channels["csharp unix"] = Channels.Unix(Host.UnixPath);
        _channels["csharp tcp"] = Channels.Tcp(Host.TcpPort);
        _channels["csharp mtls"] = Channels.Tls(Host.TlsPort, Certificates);
        if (!PythonPeer.IsPresent)
        {
            return;
        }

        string unix = Path.Combine(Folder, "python.sock");
        _python = PythonPeer.Start("server", unix, Folder);
        string[] ready = (await _python.StandardOutput.ReadLineAsync().WaitAsync(Limits.Long) ?? "").Split(' ');
        PythonTlsPort = int.Parse(ready[2]);
        _channels["python unix"] = Channels.Unix(unix);
        _channels["python tcp"] = Channels.Tcp(int.Parse(ready[1]));
        _channels["python mtls"] = Channels.Tls(PythonTlsPort, Certificates);
    }

    public GrpcChannel Channel(string peer) => _channels[peer];

    public Probe.ProbeClient Client(string peer) => new(_channels[peer]);

    public async Task DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels.Values)
        {
            channel.Dispose();
        }

        await Host.DisposeAsync();
        if (_python is not null)
        {
            _python.StandardInput.Close();
            await _python.WaitForExitAsync().WaitAsync(Limits.Long);
            _python.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
