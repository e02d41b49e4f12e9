using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Dns;

/// <summary>Asks other resolvers, from the task's own namespace, so that its egress, its networks and its rules apply.</summary>
/// <remarks>Resolvers on the host's loopback (systemd-resolved, dnsmasq) are asked from the host namespace: the task cannot reach them.
/// One socket per question: a fresh source port makes forged answers hard.</remarks>
internal sealed class DnsForwarder(OverlayOptions options, TimeProvider time, KernelThread thread, FileDescriptor task, FileDescriptor host)
{
    private const int DnsPort = 53, MaxMessage = 65_535;

    /// <returns>The answer with the asker's id; null when no resolver answered.</returns>
    public async Task<byte[]?> AskAsync(ReadOnlyMemory<byte> query, ValueList<Ipv4Address> servers, bool stream, CancellationToken ct)
    {
        byte[] question = query.ToArray();
        byte[] id = RandomNumberGenerator.GetBytes(2);
        id.CopyTo(question, 0);
        foreach (Ipv4Address server in servers)
        {
            using var limit = new CancellationTokenSource(options.DnsForwardTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
            try
            {
                byte[]? answer = await AskOneAsync(question, server, stream, either.Token);
                if (answer is null)
                {
                    continue;
                }

                query.Span[..2].CopyTo(answer);
                return answer;
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // too slow: the next resolver
            }
            catch (Exception e) when (e is SocketException or KernelException)
            {
                // not reachable: the next resolver
            }
        }
        return null;
    }

    private async Task<byte[]?> AskOneAsync(byte[] question, Ipv4Address server, bool stream, CancellationToken ct)
    {
        FileDescriptor from = server.Value >> 24 == 127 ? host : task;
        int type = stream ? NamespaceCalls.SockStream : NamespaceCalls.SockDgram;
        FileDescriptor descriptor = await thread.RunAsync(() => NamespaceFactory.OpenSocket(thread, from, type), ct);
        using Socket socket = DnsServer.Wrap(descriptor);
        await socket.ConnectAsync(new IPEndPoint(server.ToIPAddress(), DnsPort), ct);
        if (stream)
        {
            await DnsServer.WriteFramedAsync(socket, question, ct);
            byte[]? framed = await DnsServer.ReadFramedAsync(socket, ct);
            return framed is not null && Fits(question, framed) ? framed : null;
        }
        await socket.SendAsync(question, ct);
        byte[] buffer = new byte[MaxMessage];
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, ct);
            if (Fits(question, buffer.AsSpan(0, length)))
            {
                return buffer[..length];
            }
        }
    }

    /// <summary>Same id, a response, and the very question that was asked.</summary>
    private static bool Fits(ReadOnlySpan<byte> question, ReadOnlySpan<byte> answer)
    {
        if (answer.Length < 12 || !answer[..2].SequenceEqual(question[..2]) || (answer[2] & 0x80) == 0 || !DnsQuestion.TryParse(question, out DnsQuestion asked))
        {
            return false;
        }

        return (answer[4], answer[5]) == (0, 0) || (answer.Length >= asked.End && answer[12..asked.End].SequenceEqual(question[12..asked.End]));
    }
}
