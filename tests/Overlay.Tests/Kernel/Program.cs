using System.Net;
using System.Net.Sockets;
using System.Text;
using Skep.Overlay.Dns;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>A server inside a namespace that answers each message with its name and the address it sees, over TCP and UDP.</summary>
internal sealed class WhoServer : IDisposable
{
    private readonly string _name;
    private readonly Socket _tcp, _udp;
    private readonly List<Socket> _open = [];

    public WhoServer(Lab lab, string path, string name, int port)
    {
        _name = name;
        _tcp = DnsServer.Wrap(lab.OpenSocket(path, NamespaceCalls.SockStream));
        _udp = DnsServer.Wrap(lab.OpenSocket(path, NamespaceCalls.SockDgram));
        _tcp.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _tcp.Bind(new IPEndPoint(IPAddress.Any, port));
        _tcp.Listen(64);
        _udp.Bind(new IPEndPoint(IPAddress.Any, port));
        _ = AcceptAsync();
        _ = ServeUdpAsync();
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
        lock (_open)
        {
            _open.ForEach(s => s.Dispose());
        }
    }

    private byte[] AnswerTo(EndPoint peer) => Encoding.ASCII.GetBytes($"{_name} {((IPEndPoint)peer).Address}");

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket connection = await _tcp.AcceptAsync();
                lock (_open)
                {
                    _open.Add(connection);
                }

                _ = ServeAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            byte[] buffer = new byte[65536];
            while (await connection.ReceiveAsync(buffer) > 0)
            {
                await connection.SendAsync(AnswerTo(connection.RemoteEndPoint!));
            }

            connection.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task ServeUdpAsync()
    {
        try
        {
            byte[] buffer = new byte[65536];
            while (true)
            {
                SocketReceiveFromResult got = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await _udp.SendToAsync(AnswerTo(got.RemoteEndPoint), got.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }
}

/// <summary>One open conversation with a <see cref="WhoServer"/>.</summary>
internal sealed class Talk : IDisposable
{
    private readonly Socket _socket;

    private Talk(Socket socket) => _socket = socket;

    public static async Task<Talk> OpenAsync(Lab lab, string path, Ipv4Address to, int port, bool udp = false, int sourcePort = 0, int seconds = 3, Ipv4Address from = default)
    {
        Socket socket = DnsServer.Wrap(lab.OpenSocket(path, udp ? NamespaceCalls.SockDgram : NamespaceCalls.SockStream));
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (sourcePort != 0 || from != default)
            {
                socket.Bind(new IPEndPoint(from.ToIPAddress(), sourcePort));
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
            await socket.ConnectAsync(new IPEndPoint(to.ToIPAddress(), port), limit.Token);
            return new Talk(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task<string> AskAsync(int bytes = 1, int seconds = 3)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        byte[] buffer = new byte[256];
        await _socket.SendAsync(new byte[bytes], limit.Token);
        int length = await _socket.ReceiveAsync(buffer, limit.Token);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>One question on a connection of its own; failures as one word.</summary>
    public static Task<string> OnceAsync(Lab lab, string path, Ipv4Address to, int port, bool udp = false, int seconds = 2) =>
        OnceFromAsync(lab, path, default, to, port, udp, seconds);

    public static async Task<string> OnceFromAsync(Lab lab, string path, Ipv4Address from, Ipv4Address to, int port, bool udp = false, int seconds = 1)
    {
        try
        {
            using Talk talk = await OpenAsync(lab, path, to, port, udp, seconds: seconds, from: from);
            return await talk.AskAsync(seconds: seconds);
        }
        catch (OperationCanceledException)
        {
            return "timeout";
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode.ToString();
        }
    }

    /// <summary>The different answers to many questions, sorted.</summary>
    public static async Task<string> ManyAsync(Lab lab, string path, Ipv4Address to, int port, bool udp = false, int times = 24)
    {
        var answers = new SortedSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < times; i++)
        {
            answers.Add(await OnceAsync(lab, path, to, port, udp));
        }

        return string.Join(", ", answers);
    }
}
