using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Skep.Cli.Engine;

namespace Skep.Cli.Tests;

/// <summary>What is printed when no daemon answers at the place that was named: one line, with what is wrong and what to look at.</summary>
public sealed class ConnectTests
{
    [Theory]
    [InlineData(SocketError.HostNotFound, ": the host name box does not resolve, DNS gave no address for it. Check its spelling, or give an IP address.")]
    [InlineData(SocketError.NoData, ": the host name box does not resolve, DNS gave no address for it. Check its spelling, or give an IP address.")]
    [InlineData(SocketError.TryAgain, ": the host name box does not resolve, DNS gave no address for it. Check its spelling, or give an IP address.")]
    [InlineData(SocketError.ConnectionRefused, ": nothing listens on port 2375 there. Is skepd running on that machine, with --host?")]
    [InlineData(SocketError.HostUnreachable, ": there is no way from here to box (No route to host). Check the address, and this machine's routes.")]
    [InlineData(SocketError.NetworkUnreachable, ": there is no way from here to box (Network is unreachable). Check the address, and this machine's routes.")]
    [InlineData(SocketError.TimedOut, ": it does not answer within 30 s. Is the machine up, and is 2375/tcp open?")]
    public void Every_trouble_has_its_words(SocketError trouble, string words)
        => Assert.Equal($"Cannot connect to the Skep daemon at tcp://box{words}", ConnectTrouble.NoConnection(EngineHost.Parse("tcp://box"), new SocketException((int)trouble)).Message);

    [Theory]
    [InlineData("SKEP_HOST")]
    [InlineData("DOCKER_HOST")]
    public async Task A_host_without_an_address_is_named_with_where_it_stands(string variable)
    {
        CliRun run = await CliRun.Of("tcp://no-such-host.invalid:2375", ["service", "ls"], variable: variable);
        Assert.Equal(
            (1, $"Cannot connect to the Skep daemon at tcp://no-such-host.invalid:2375 ({variable}): the host name no-such-host.invalid does not resolve, DNS gave no address for it. Check its spelling, or give an IP address.\n"),
            (run.ExitCode, run.Err));
    }

    [Fact]
    public async Task A_flag_goes_before_the_environment_and_is_not_said_to_be_it()
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["-H", "tcp://127.0.0.1:1", "service", "ls"]);
        Assert.Equal("Cannot connect to the Skep daemon at tcp://127.0.0.1:1: nothing listens on port 1 there. Is skepd running on that machine, with --host?\n", run.Err);
    }

    [Fact]
    public async Task A_word_that_is_no_place_is_answered_with_the_forms_of_places()
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["-H", "box", "service", "ls"]);
        Assert.Equal((1, "unable to parse docker host `box`: write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST\n"), (run.ExitCode, run.Err));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", "what listens at {0} is no Skep or Docker daemon: it answered \"SSH-2.0-OpenSSH_9.6\"")]
    [InlineData("\u001b[31mred\r\n", "what listens at {0} is no Skep or Docker daemon: it answered \"?[31mred\"")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "what listens at {0} is no Skep or Docker daemon: it answered HEAD /_ping with 404; if it serves TLS, add --tlsverify")]
    [InlineData("\u0015\u0003\u0001\u0000\u0002\u0002\n", "{0} gives no answer to plain HTTP: if it serves TLS, add --tlsverify; else what listens at {0} is no Skep or Docker daemon")]
    [InlineData("", "{0} gives no answer to plain HTTP: if it serves TLS, add --tlsverify; else what listens at {0} is no Skep or Docker daemon")]
    public async Task What_answers_and_is_no_daemon_is_told_as_such(string answer, string words)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        Task answering = AnswerAsync(other, answer);
        string host = $"tcp://{other.LocalEndpoint}";
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["-H", host, "service", "ls"]);
        await answering;
        Assert.Equal((1, string.Format(System.Globalization.CultureInfo.InvariantCulture, words, host) + "\n"), (run.ExitCode, run.Err));
    }

    [Fact]
    public async Task TLS_that_meets_none_is_told_as_such()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        Task answering = AnswerAsync(other, "HTTP/1.1 400 Bad Request\r\n\r\n");
        string host = $"tcp://{other.LocalEndpoint}";
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["--tls", "-H", host, "service", "ls"]);
        await answering;
        Assert.Equal((1, $"{host} does not speak TLS: leave TLS out, or give the port that serves it\n"), (run.ExitCode, run.Err));
    }

    [Theory]
    [InlineData("n\n", "[y/N] ")]
    [InlineData("", "[y/N] \n")]
    public async Task A_network_that_stays_is_said_to_stay(string answer, string end)
    {
        await using FakeEngine engine = Ingress();
        CliRun run = await CliRun.Of(engine.Host, ["network", "rm", "ingress"], input: answer);
        Assert.Equal((0, "Not confirmed with y: network ingress stays.\n"), (run.ExitCode, run.Err));
        Assert.EndsWith(end, run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(engine.Requests, static request => request.Method == "DELETE");
    }

    [Fact]
    public async Task A_network_that_goes_is_printed()
    {
        await using FakeEngine engine = Ingress();
        CliRun run = await CliRun.Of(engine.Host, ["network", "rm", "ingress"], input: "y\n");
        Assert.Equal((0, ""), (run.ExitCode, run.Err));
        Assert.EndsWith("[y/N] ingress\n", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("network prune")]
    [InlineData("volume prune")]
    [InlineData("image prune")]
    [InlineData("container prune")]
    [InlineData("system prune")]
    public async Task A_prune_that_is_declined_says_so(string verb)
    {
        await using FakeEngine engine = new(_ => null);
        CliRun run = await CliRun.Of(engine.Host, verb.Split(' '), input: "n\n");
        Assert.Equal((0, "Not confirmed with y: nothing was removed.\n"), (run.ExitCode, run.Err));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task An_interrupt_ends_a_question()
    {
        await using FakeEngine engine = Ingress();
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "skep"), ["-H", engine.Host, "network", "rm", "ingress"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        StringBuilder printed = new();
        char[] one = new char[1];
        while (!printed.ToString().EndsWith("[y/N] ", StringComparison.Ordinal) && await process.StandardOutput.ReadAsync(one, limit.Token) == 1)
        {
            printed.Append(one);
        }

        using Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(130, process.ExitCode);
        Assert.DoesNotContain(engine.Requests, static request => request.Method == "DELETE");
    }

    private static FakeEngine Ingress() => new(static request => request.Method == "DELETE" ? new FakeAnswer(204, "") : new FakeAnswer(200, """{"Id":"abc","Name":"ingress","Ingress":true}"""));

    private static async Task AnswerAsync(TcpListener listener, string text)
    {
        using TcpClient caller = await listener.AcceptTcpClientAsync();
        byte[] hello = new byte[4096];
        _ = await caller.GetStream().ReadAtLeastAsync(hello, 1, throwOnEndOfStream: false);
        await caller.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));
    }
}
