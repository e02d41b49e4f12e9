using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm ca</c>: shows the root certificate, or has it changed and waits until every node trusts the new one.</summary>
internal static class SwarmCa
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly Flag<bool> Rotate = Flag.Switch("rotate", "Rotate the swarm CA - if no certificate or key are provided, new ones will be generated");
    private static readonly Flag<string> Cert = Flag.Text("ca-cert", "Path to the PEM-formatted root CA certificate to use for the new cluster", valueName: "pem-file");
    private static readonly Flag<string> Key = Flag.Text("ca-key", "Path to the PEM-formatted root CA key to use for the new cluster", valueName: "pem-file");
    private static readonly Flag<bool> Detach = Flag.Switch("detach", "Exit immediately instead of waiting for the root rotation to converge", 'd');
    private static readonly Flag<bool> Quiet = Flag.Switch("quiet", "Suppress progress output", 'q');

    public static readonly Verb Ca = new("[OPTIONS]", "Display and rotate the root CA", Arity.None, [Rotate, Cert, Key, Detach, Quiet, SwarmSettings.CertExpiry, SwarmSettings.ExternalCa], RunAsync);

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        WireSwarm swarm = await SwarmTokens.ReadAsync(call, cancellation);
        if (!call.Get(Rotate))
        {
            foreach (Flag flag in new Flag[] { Cert, Key, SwarmSettings.CertExpiry, SwarmSettings.ExternalCa })
            {
                if (call.Given(flag))
                {
                    throw new CliException($"`--{flag.Name}` flag requires the `--rotate` flag to update the CA");
                }
            }

            return Show(call, swarm);
        }

        WireSwarmSpec spec = swarm.Spec ?? new WireSwarmSpec();
        WireCaConfig config = spec.CaConfig ?? new WireCaConfig();
        config = SwarmSettings.ApplyCa(call, config) with
        {
            SigningCaCert = call.Given(Cert) ? await ReadAsync(call.Get(Cert), cancellation) : "",
            SigningCaKey = call.Given(Key) ? await ReadAsync(call.Get(Key), cancellation) : "",
            ForceRotate = config.ForceRotate + 1,
        };
        await SwarmTokens.ChangeAsync(call, swarm, spec with { CaConfig = config }, cancellation);
        if (call.Get(Detach))
        {
            return 0;
        }

        string told = "";
        while (true)
        {
            swarm = await SwarmTokens.ReadAsync(call, cancellation);
            List<WireNode> nodes = await call.Engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation);
            int trusting = nodes.Count(node => node.Description?.TlsInfo?.TrustRoot == swarm.TlsInfo?.TrustRoot);
            string line = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rotated CA certificates: {trusting}/{nodes.Count} nodes");
            if (line != told && !call.Get(Quiet))
            {
                call.Out.WriteLine(told = line);
                call.Out.Flush();
            }

            if (!swarm.RootRotationInProgress)
            {
                return Show(call, swarm);
            }

            await Task.Delay(Pause, call.Terminal.Time, cancellation);
        }
    }

    private static int Show(Invocation call, WireSwarm swarm)
    {
        call.Out.WriteLine(swarm.TlsInfo?.TrustRoot is { Length: > 0 } root ? root.Trim() : throw new CliException("No CA information available"));
        return 0;
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellation);
        }
        catch (IOException failure)
        {
            throw new CliException($"open {path}: {failure.Message}");
        }
    }
}
