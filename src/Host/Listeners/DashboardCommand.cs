using System.Net;
using Skep.Dashboard.Pages;

namespace Skep.Host.Listeners;

/// <summary><c>skepd dashboard</c>: the page alone, for any Engine API; no node is started. What <c>skep dashboard serve</c> becomes.</summary>
internal static class DashboardCommand
{
    public static async Task<int> RunAsync(string[] args, TimeProvider time, CancellationToken ct)
    {
        string host = "unix:///var/run/docker.sock", listen = "127.0.0.1:8900";
        bool isOpen = false;
        for (int i = 0; i < args.Length; i++)
        {
            string Value() => i + 1 < args.Length ? args[++i] : throw ClusterException.Invalid($"{args[i]} needs a value");
            switch (args[i])
            {
                case "--host":
                    host = Value();
                    break;
                case "--listen":
                    listen = Value();
                    break;
                case "--open":
                    isOpen = true;
                    break;
                default:
                    throw ClusterException.Invalid($"unknown flag {args[i]}; skepd dashboard [--host unix:///var/run/docker.sock] [--listen 127.0.0.1:8900] [--open]");
            }
        }

        if (!IPEndPoint.TryParse(listen, out IPEndPoint? address) || address.Port == 0)
        {
            throw ClusterException.Invalid($"--listen {listen}: must be ADDRESS:PORT");
        }

        try
        {
            await using DashboardServer server = await DashboardServer.StartAsync(host, address, isOpen, keyFile: null, logs: null, time, ct).ConfigureAwait(false);
            bool isAny = address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any);
            Console.WriteLine($"http://{(isAny ? "localhost:" + address.Port : address.ToString())}/{(isOpen ? "" : "?token=" + server.Sessions.MintToken())}");
            await Task.Delay(Timeout.Infinite, ct).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            return 0;
        }
        catch (ArgumentException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, e.Message, e);
        }
    }
}
