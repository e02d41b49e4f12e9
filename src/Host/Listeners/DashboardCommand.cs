using System.Globalization;
using System.Net;
using Skep.Dashboard.Access;
using Skep.Dashboard.Pages;

namespace Skep.Host.Listeners;

/// <summary><c>skepd dashboard</c>: the page alone, for any Engine API; no node is started. What <c>skep dashboard serve</c> becomes.</summary>
internal static class DashboardCommand
{
    private const string Flags = "skepd dashboard [--host unix:///var/run/docker.sock] [--listen 127.0.0.1:8900] [--open [--logs]] [--cert FILE --key FILE] [--give-up SECONDS]";

    public static async Task<int> RunAsync(string[] args, TimeProvider time, CancellationToken ct)
    {
        string host = "unix:///var/run/docker.sock", listen = "127.0.0.1:8900";
        string cert = "", key = "";
        bool isOpen = false, showsLogs = false;
        TimeSpan giveUp = Timeout.InfiniteTimeSpan;
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
                case "--logs":
                    showsLogs = true;
                    break;
                case "--cert":
                    cert = Value();
                    break;
                case "--key":
                    key = Value();
                    break;
                case "--give-up":
                    string seconds = Value();
                    giveUp = int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                        ? TimeSpan.FromSeconds(number) : throw ClusterException.Invalid($"--give-up {seconds}: must be a number of seconds");
                    break;
                default:
                    throw ClusterException.Invalid($"unknown flag {args[i]}; {Flags}");
            }
        }

        if (!IPEndPoint.TryParse(listen, out IPEndPoint? address) || address.Port == 0)
        {
            throw ClusterException.Invalid($"--listen {listen}: must be ADDRESS:PORT");
        }

        if (showsLogs && !isOpen)
        {
            throw ClusterException.Invalid("--logs is for --open: a page that is opened with a token shows logs in any case");
        }

        PageCertificate? certificate = DashboardTls.Load("--cert", cert, "--key", key, Console.Error.WriteLine);
        try
        {
            var options = new DashboardOptions { Host = host, Listen = address, IsOpen = isOpen, ShowsLogs = showsLogs, Certificate = certificate };
            await using DashboardServer server = await DashboardServer.StartAsync(options, logs: null, time, ct).ConfigureAwait(false);
            bool isAny = address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any);
            Console.WriteLine(DashboardTls.Link(certificate, isAny ? "localhost" : address.Address.ToString(), address.Port) + (isOpen ? "" : "?token=" + server.Sessions.MintToken()));
            return await UntilLostAsync(server, giveUp, time, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 0;
        }
        catch (ArgumentException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, e.Message, e);
        }
    }

    /// <summary>
    /// Goes on until cancelled, or until the engine has not answered for so long. A container sees the socket that was mounted when it started, which nobody serves
    /// after the engine has made its socket anew: it has to end, and its restart finds the new one.
    /// </summary>
    private static async Task<int> UntilLostAsync(DashboardServer server, TimeSpan giveUp, TimeProvider time, CancellationToken ct)
    {
        if (giveUp == Timeout.InfiniteTimeSpan)
        {
            await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(false);
        }

        long answered = time.GetTimestamp();
        while (time.GetElapsedTime(answered) < giveUp)
        {
            if (await server.EngineAnswersAsync(ct).ConfigureAwait(false))
            {
                answered = time.GetTimestamp();
            }

            await Task.Delay(giveUp / 4, time, ct).ConfigureAwait(false);
        }

        Console.Error.WriteLine($"the engine has not answered for {giveUp.TotalSeconds:0} s");
        return 1;
    }
}
