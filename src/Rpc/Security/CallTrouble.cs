using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Skep.Rpc.Security;

/// <summary>Why a call did not come through, in words that say what to look at. For calls to an address that a person gave.</summary>
public static class CallTrouble
{
    /// <summary>Whether the other side has answered, be it with a refusal; what fails on the way has an exception of its own.</summary>
    public static bool IsAnswer(RpcException error) => error.Status.DebugException is null && !IsSilence(error);

    /// <summary>What was met, and what to look at.</summary>
    /// <param name="who">What was meant to answer: manager, or node.</param>
    /// <param name="address">host:port.</param>
    /// <param name="limit">Of the call.</param>
    /// <param name="connectLimit">Of opening a connection for it.</param>
    public static string Describe(string who, string address, RpcException error, TimeSpan limit, TimeSpan connectLimit)
    {
        (string what, string hint) = Explain(who, address, error, limit, connectLimit);
        return what + hint;
    }

    /// <summary>The same for what was met before a call was made: no address, no route.</summary>
    public static string Describe(string who, string address, SocketException error)
        => Describe(who, address, new RpcException(new Status(StatusCode.Unavailable, error.Message, error)), TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>What was met, without advice: for who knows better what to look at.</summary>
    public static string Name(string who, string address, RpcException error, TimeSpan limit) => Explain(who, address, error, limit, limit).What;

    private static (string What, string Hint) Explain(string who, string address, RpcException error, TimeSpan limit, TimeSpan connectLimit)
    {
        (string host, string port) = Split(address);
        (string What, string Hint) stranger = ($"what listens at {address} is not a Skep {who}", who == "manager" ? "; \"swarm join-token\" on a manager prints its address and port" : "");
        if (IsSilence(error))
        {
            return Silent(limit);
        }

        if (IsAnswer(error))
        {
            return error.StatusCode == StatusCode.Unimplemented ? stranger : (error.Status.Detail, "");
        }

        for (Exception? cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery }:
                    return ($"the host name {host} does not resolve", "; give an IP address, or mend the machine's name service");
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return ($"nothing listens at {address}", $": is skepd running there, and is it a {who} with this port?");
                case SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable } route:
                    return ($"there is no way from here to {address}: {route.Message}", "; check the address, and this machine's routes");
                case UnmeantPeerException unmeant:
                    return ($"at {address}, {unmeant.Message}", "");
                case AuthenticationException or HttpProtocolException or HttpRequestException { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse }:
                    return stranger;
                case SocketException { SocketErrorCode: SocketError.TimedOut } or TimeoutException or OperationCanceledException:
                    return Silent(connectLimit);
                case IOException when cause.InnerException is null:
                    return stranger; // The connection stood, and what came over it was no TLS, or nothing.
                default:
                    break;
            }
        }

        return ($"{who} {address} cannot be reached: {error.Status.Detail}", "");

        (string, string) Silent(TimeSpan waited) => ($"{who} {address} does not answer within {waited.TotalSeconds:0.#} s", $": is skepd running there, and is {port}/tcp open?");
    }

    /// <summary>The limit passed, on either side of the connection's beginning.</summary>
    private static bool IsSilence(RpcException error) => error.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Cancelled;

    private static (string Host, string Port) Split(string address)
    {
        int colon = address.LastIndexOf(':');
        return colon < 0 ? (address, "") : (address[..colon], address[(colon + 1)..]);
    }
}
