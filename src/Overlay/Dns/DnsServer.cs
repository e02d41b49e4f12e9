using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Skep.Overlay.Names;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Dns;

/// <summary>Answers one task's questions on the sockets opened in its namespace.</summary>
/// <remarks>Who asks is known by the socket; nothing of other tasks' networks can be asked for.</remarks>
internal sealed class DnsServer : IDisposable
{
    private const int MaxUdpQuery = 4096;
    private static readonly TimeSpan StreamIdle = TimeSpan.FromSeconds(10);

    private readonly TaskId _task;
    private readonly Func<NamesState?> _picture;
    private readonly OverlayOptions _options;
    private readonly TimeProvider _time;
    private readonly DnsForwarder _forwarder;
    private readonly DnsCounts _counts;
    private readonly ILogger _logger;
    private readonly Socket _udp, _tcp;
    private readonly CancellationTokenSource _stop = new(), _hear = new();
    private readonly SemaphoreSlim _forwards, _streams = new(MaxStreams);
    private const int MaxStreams = 64;
    private int _begun;

    /// <summary>Takes the two sockets over.</summary>
    public DnsServer(TaskId task, FileDescriptor udp, FileDescriptor tcp, Func<NamesState?> picture, OverlayOptions options, TimeProvider time, DnsForwarder forwarder, DnsCounts counts, ILogger logger)
    {
        (_task, _picture, _options, _time, _forwarder, _counts, _logger) = (task, picture, options, time, forwarder, counts, logger);
        _forwards = new SemaphoreSlim(options.DnsForwardLimit);
        _udp = Wrap(udp);
        _tcp = Wrap(tcp);
        _begun = 2; // both loops: what they read they answer
        _ = ServeUdpAsync();
        _ = ServeTcpAsync();
    }

    /// <summary>Takes a descriptor over into a .NET socket.</summary>
    public static Socket Wrap(FileDescriptor descriptor)
    {
        var handle = new SafeSocketHandle(descriptor.Value, ownsHandle: true);
        descriptor.SetHandleAsInvalid();
        return new Socket(handle);
    }

    /// <summary>What is still being heard or answered; 0 some time after <see cref="StopHearing"/>.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Reads no more questions: another process does, from the same sockets. Those read are answered.</summary>
    public void StopHearing() => _hear.Cancel();

    /// <summary>Closes the sockets, which would keep the namespace alive; the loops end with them.</summary>
    public void Dispose()
    {
        _hear.Cancel();
        _stop.Cancel();
        _udp.Dispose();
        _tcp.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        try
        {
            await HearUdpAsync();
        }
        finally
        {
            Interlocked.Decrement(ref _begun);
        }
    }

    private async Task HearUdpAsync()
    {
        byte[] buffer = new byte[MaxUdpQuery];
        var any = new SocketAddress(AddressFamily.InterNetwork);
        while (!_hear.IsCancellationRequested)
        {
            try
            {
                int length = await _udp.ReceiveFromAsync(buffer, SocketFlags.None, any, _hear.Token);
                if (AnswerHere(buffer.AsSpan(0, length), stream: false, out byte[]? answer))
                {
                    if (answer is not null)
                    {
                        await _udp.SendToAsync(answer, SocketFlags.None, any, _stop.Token);
                    }
                }
                else
                {
                    var from = new SocketAddress(AddressFamily.InterNetwork);
                    any.Buffer.Span.CopyTo(from.Buffer.Span);
                    _ = ForwardUdpAsync(buffer[..length], from);
                }
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
            catch (SocketException e)
            {
                OverlayLog.DnsStopped(_logger, _task, e); // an ICMP error of an earlier answer; the socket itself lives
            }
        }
    }

    private bool IsEnd(Exception e) => _hear.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException;

    private async Task ForwardUdpAsync(byte[] query, SocketAddress from)
    {
        Interlocked.Increment(ref _begun);
        try
        {
            byte[] answer = await ForwardAsync(query, stream: false, _stop.Token);
            await _udp.SendToAsync(answer, SocketFlags.None, from, _stop.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            OverlayLog.DnsStopped(_logger, _task, e);
        }
        finally
        {
            Interlocked.Decrement(ref _begun);
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            await HearTcpAsync();
        }
        finally
        {
            Interlocked.Decrement(ref _begun);
        }
    }

    private async Task HearTcpAsync()
    {
        while (!_hear.IsCancellationRequested)
        {
            try
            {
                await _streams.WaitAsync(_hear.Token);
                Socket connection = await _tcp.AcceptAsync(_hear.Token);
                _ = ServeStreamAsync(connection);
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
            catch (SocketException e)
            {
                _streams.Release();
                OverlayLog.DnsStopped(_logger, _task, e);
            }
        }
    }

    private async Task ServeStreamAsync(Socket connection)
    {
        Interlocked.Increment(ref _begun);
        try
        {
            using Socket owned = connection;
            while (true)
            {
                using var idle = new CancellationTokenSource(StreamIdle, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, _stop.Token);
                if (await ReadFramedAsync(connection, either.Token) is not { } query)
                {
                    return;
                }

                if (!AnswerHere(query, stream: true, out byte[]? answer))
                {
                    answer = await ForwardAsync(query, stream: true, _stop.Token);
                }

                if (answer is null)
                {
                    return;
                }

                await WriteFramedAsync(connection, answer, either.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            OverlayLog.DnsStopped(_logger, _task, e);
        }
        finally
        {
            Interlocked.Decrement(ref _begun);
            _streams.Release();
        }
    }

    /// <summary>Answers from the cluster's names.</summary>
    /// <returns>False when somebody else must be asked.</returns>
    private bool AnswerHere(ReadOnlySpan<byte> query, bool stream, out byte[]? answer)
    {
        answer = null;
        if (!DnsQuestion.TryParse(query, out DnsQuestion question))
        {
            answer = DnsAnswer.FormatError(query);
            _counts.Count(DnsOutcome.Refused);
            return true;
        }
        if (_picture() is not { } picture)
        {
            answer = DnsAnswer.Code(query, question, DnsCode.ServerFailure);
            _counts.Count(DnsOutcome.Failed);
            return true;
        }
        NameResult found = question.Class == DnsQuestion.Internet ? NameLookup.Find(picture, _task, question.Name, question.Type) : NameResult.Unknown;
        if (found.Pointer is { } pointer)
        {
            answer = DnsAnswer.Pointer(query, question, pointer);
        }
        else if (found.IsKnown)
        {
            answer = question.Type is DnsQuestion.A or DnsQuestion.Any ? Addresses(query, question, found.Addresses, stream) : DnsAnswer.Code(query, question, DnsCode.NoError);
        }
        else if (!NameLookup.MayAskOutside(picture, _task))
        {
            answer = DnsAnswer.Code(query, question, DnsCode.Refused);
        }
        else
        {
            return false;
        }

        _counts.Count(found.Pointer is not null || found.IsKnown ? DnsOutcome.Known : DnsOutcome.Refused);
        return true;
    }

    private static byte[] Addresses(ReadOnlySpan<byte> query, in DnsQuestion question, ValueList<Ipv4Address> addresses, bool stream)
    {
        Ipv4Address[] shuffled = [.. addresses];
        RandomNumberGenerator.Shuffle(shuffled.AsSpan());
        return DnsAnswer.Addresses(query, question, shuffled, stream);
    }

    private async Task<byte[]> ForwardAsync(byte[] query, bool stream, CancellationToken ct)
    {
        _ = DnsQuestion.TryParse(query, out DnsQuestion question);
        if (!_forwards.Wait(0, CancellationToken.None))
        {
            _counts.Count(DnsOutcome.Failed);
            return DnsAnswer.Code(query, question, DnsCode.ServerFailure);
        }
        try
        {
            byte[]? answer = await _forwarder.AskAsync(query, Servers(), stream, ct);
            _counts.Count(answer is null ? DnsOutcome.Failed : DnsOutcome.Forwarded);
            return answer ?? DnsAnswer.Code(query, question, DnsCode.ServerFailure);
        }
        finally
        {
            _forwards.Release();
        }
    }

    private ValueList<Ipv4Address> Servers()
    {
        if (_picture() is { } picture && picture.Tasks.TryGetValue(_task, out TaskNames? knows) && !knows.Servers.IsEmpty)
        {
            return knows.Servers;
        }

        return _options.Resolvers.IsEmpty ? ResolvConf.Read(_options.ResolvConfPath) : _options.Resolvers;
    }

    /// <summary>One message with its length before it; null when the other side ended.</summary>
    public static async Task<byte[]?> ReadFramedAsync(Socket socket, CancellationToken ct)
    {
        byte[]? head = await ReadExactlyAsync(socket, 2, ct);
        return head is null ? null : await ReadExactlyAsync(socket, (head[0] << 8) | head[1], ct);
    }

    public static async Task WriteFramedAsync(Socket socket, byte[] message, CancellationToken ct)
    {
        byte[] framed = [(byte)(message.Length >> 8), (byte)message.Length, .. message];
        for (int sent = 0; sent < framed.Length;)
        {
            sent += await socket.SendAsync(framed.AsMemory(sent), ct);
        }
    }

    private static async Task<byte[]?> ReadExactlyAsync(Socket socket, int count, CancellationToken ct)
    {
        byte[] bytes = new byte[count];
        for (int got = 0; got < count;)
        {
            int more = await socket.ReceiveAsync(bytes.AsMemory(got), ct);
            if (more == 0)
            {
                return null;
            }

            got += more;
        }
        return bytes;
    }
}
