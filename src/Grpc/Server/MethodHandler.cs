using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>Serves one method: checks the request, runs the handler, turns what it throws into a status.</summary>
internal abstract class MethodHandler(IMethod method, ServiceSettings settings)
{
    protected static readonly Status MissingMessage = new(StatusCode.Internal, "Incomplete message.");

    public IMethod Method { get; } = method;

    public async Task HandleAsync(HttpContext httpContext)
    {
        if (!RequestCheck.Passes(httpContext))
            return;
        LiftLimits(httpContext);
        using var call = new HttpContextServerCallContext(httpContext, Method, settings);
        Status status;
        Metadata? errorTrailers = null;
        try
        {
            IHeaderDictionary headers = httpContext.Request.Headers;
            string? encoding = headers[WireNames.Encoding];
            if (encoding is not (null or WireNames.Identity or WireNames.Gzip))
            {
                httpContext.Response.Headers[WireNames.AcceptEncoding] = WireNames.AcceptedEncodings;
                throw new RpcException(new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: identity, gzip"));
            }

            if (GrpcTimeout.Parse(headers[WireNames.Timeout]) is { } timeout)
                call.StartDeadline(timeout);
            await RunAsync(call).ConfigureAwait(false);
            status = call.Status;
        }
        catch (Exception e)
        {
            (status, errorTrailers) = StatusOf(e, call);
        }

        GrpcLog.CallEnded(settings.Logger, Method.FullName, status.StatusCode, status.Detail);
        await call.EndAsync(status, errorTrailers).ConfigureAwait(false);
    }

    protected abstract Task RunAsync(HttpContextServerCallContext call);

    /// <summary>The only request of a call that does not stream them. Waits for the client's end of stream, so that none is reset needlessly.</summary>
    protected static async Task<T> ReadSingleAsync<T>(HttpContextServerCallContext call, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        T? message = await call.Reader.ReadAsync(deserializer, call.CancellationToken).ConfigureAwait(false);
        if (message is null)
            throw new GrpcWireException(MissingMessage);
        if (await call.Reader.ReadAsync(deserializer, call.CancellationToken).ConfigureAwait(false) is not null)
            throw new GrpcWireException(new Status(StatusCode.Internal, "Additional data after the message received."));
        return message;
    }

    protected static async Task WriteSingleAsync<T>(HttpContextServerCallContext call, T? message, Action<T, SerializationContext> serializer)
        where T : class
    {
        if (message is null)
            throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));

        // A handler that set an error status answers without a message; past the deadline nobody listens.
        if (call.Status.StatusCode != StatusCode.OK || call.HasEnded)
            return;
        await call.WriteMessageAsync(message, serializer, call.WriteOptions?.Flags ?? default, flush: false, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Kestrel's guards are for web pages: streams are silent for hours and carry gigabytes.</summary>
    private static void LiftLimits(HttpContext httpContext)
    {
        if (httpContext.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (httpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
    }

    private (Status Status, Metadata? Trailers) StatusOf(Exception e, HttpContextServerCallContext call)
    {
        switch (e)
        {
            case RpcException rpc:
                return (rpc.Status, rpc.Trailers);
            case GrpcWireException wire:
                return (wire.Status, null);
            case not null when call.CancellationToken.IsCancellationRequested || call.HasEnded:
                // Deadline or a client that left; whatever the handler threw is a consequence.
                GrpcLog.ClientGone(settings.Logger, Method.FullName);
                return (Status.DefaultCancelled, null);
            case Microsoft.AspNetCore.Connections.ConnectionResetException or Microsoft.AspNetCore.Connections.ConnectionAbortedException:
                GrpcLog.ClientGone(settings.Logger, Method.FullName);
                return (Status.DefaultCancelled, null);
            default:
                GrpcLog.HandlerThrew(settings.Logger, Method.FullName, e!);
                string detail = settings.DetailedErrors
                    ? $"Exception was thrown by handler. {e!.GetType().Name}: {e.Message}"
                    : "Exception was thrown by handler.";
                return (new Status(StatusCode.Unknown, detail, e), null);
        }
    }
}
