using System.Globalization;
using System.Numerics;
using Skep.Model;

namespace Skep.Compose;

/// <summary>The parts of <c>deploy</c> as the cluster's values.</summary>
internal static class DeployConverter
{
    public static ServiceMode Mode(ComposeDeploy deploy)
    {
        ulong replicas = deploy.Replicas ?? 1;
        switch (deploy.Mode)
        {
            case "" or "replicated":
                return new ServiceMode.Replicated(replicas);
            case "replicated-job":
                return new ServiceMode.ReplicatedJob(replicas, replicas);
            case "global" or "global-job" when deploy.Replicas is not null:
                throw new StackException("replicas can only be used with replicated or replicated-job mode");
            case "global":
                return new ServiceMode.Global();
            case "global-job":
                return new ServiceMode.GlobalJob();
            default:
                throw new StackException($"Unknown mode: {deploy.Mode}");
        }
    }

    public static AsWritten Written(ComposeDeploy deploy, IEnumerable<ComposePort> ports) => new()
    {
        Replicas = deploy.Replicas,
        EndpointMode = deploy.EndpointMode.ToLowerInvariant(),
        Update = Written(deploy.UpdateConfig),
        Rollback = Written(deploy.RollbackConfig),
        RestartCondition = deploy.RestartPolicy?.Condition ?? "",
        Ports = ports.Select(static port => new PortAsWritten(port.Protocol, port.Target, port.Published, port.Mode)).ToValueList(),
    };

    private static RolloutAsWritten Written(ComposeUpdateConfig? rollout) => new(rollout?.FailureAction ?? "", rollout?.Order ?? "");

    public static EndpointMode EndpointMode(string mode) =>
        mode.Equals("dnsrr", StringComparison.OrdinalIgnoreCase) ? Model.EndpointMode.Dnsrr : Model.EndpointMode.Vip;

    public static UpdateConfig? Update(ComposeUpdateConfig? update) => update is null ? null : new UpdateConfig
    {
        Parallelism = update.Parallelism ?? 1,
        Delay = update.Delay.ToDuration(),
        FailureAction = update.FailureAction switch
        {
            "continue" => UpdateFailureAction.Continue,
            "rollback" => UpdateFailureAction.Rollback,
            _ => UpdateFailureAction.Pause,
        },
        Monitor = update.Monitor.Nanoseconds == 0 ? null : update.Monitor.ToDuration(),
        MaxFailureRatio = update.MaxFailureRatio,
        Order = update.Order == "start-first" ? UpdateOrder.StartFirst : UpdateOrder.StopFirst,
    };

    public static Resources Reservations(ComposeReservations reservations) => new(NanoCpus(reservations.Cpus), reservations.MemoryBytes)
    {
        Generic = reservations.GenericResources
            .Select(static resource => resource.Discrete)
            .OfType<ComposeDiscreteResource>()
            .Select(static discrete => new GenericResource(discrete.Kind, discrete.Value, null))
            .ToValueList(),
    };

    /// <summary><c>deploy.restart_policy</c>, else what the service's own <c>restart</c> comes to.</summary>
    public static RestartPolicySpec? Restart(string restart, ComposeRestartPolicy? policy)
    {
        if (policy is not null)
        {
            return new RestartPolicySpec
            {
                Condition = policy.Condition switch
                {
                    "any" => RestartCondition.Any,
                    "on-failure" => RestartCondition.OnFailure,
                    "none" => RestartCondition.None,
                    _ => null,
                },
                Delay = policy.Delay?.ToDuration(),
                MaxAttempts = policy.MaxAttempts,
                Window = policy.Window?.ToDuration(),
            };
        }

        string[] parts = restart.Split(':', 2);
        if (parts is ["", _])
        {
            throw new StackException("invalid restart policy format: no policy provided before colon");
        }

        int attempts = 0;
        if (parts is [_, { Length: > 0 } count]
            && (!int.TryParse(count, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out attempts) || attempts < 0))
        {
            throw new StackException("invalid restart policy format: maximum retry count must be an integer");
        }

        return parts[0] switch
        {
            "" or "no" => null,
            "always" or "unless-stopped" => new RestartPolicySpec { Condition = RestartCondition.Any },
            "on-failure" => new RestartPolicySpec { Condition = RestartCondition.OnFailure, MaxAttempts = (ulong)attempts },
            _ => throw new StackException($"unknown restart policy: {restart}"),
        };
    }

    /// <summary>CPUs × 10⁹ of a text such as <c>0.5</c>, <c>2</c>, <c>1e-3</c> or <c>1/4</c>.</summary>
    public static long NanoCpus(string cpus)
    {
        if (cpus.Length == 0)
        {
            return 0;
        }

        string[] parts = cpus.Split('/');
        if (parts.Length > 2 || Ratio(parts[0]) is not { } ratio)
        {
            throw new StackException($"failed to parse {cpus} as a rational number");
        }

        if (parts.Length == 2)
        {
            ratio = BigInteger.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger below) && !below.IsZero
                ? (ratio.Above, ratio.Below * below)
                : throw new StackException($"failed to parse {cpus} as a rational number");
        }

        BigInteger nano = BigInteger.DivRem(ratio.Above * 1_000_000_000, ratio.Below, out BigInteger rest);
        return rest.IsZero && BigInteger.Abs(nano) <= long.MaxValue ? (long)nano : throw new StackException("value is too precise");
    }

    private static (BigInteger Above, BigInteger Below)? Ratio(string text)
    {
        int e = text.AsSpan().IndexOfAny('e', 'E');
        int exponent = 0;
        if (e >= 0 && (!int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > 100))
        {
            return null;
        }

        string number = e < 0 ? text : text[..e];
        int point = number.IndexOf('.', StringComparison.Ordinal);
        int decimals = point < 0 ? 0 : number.Length - point - 1;
        string digits = point < 0 ? number : number.Remove(point, 1);
        if (!BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger above))
        {
            return null;
        }

        int power = exponent - decimals;
        return power >= 0 ? (above * BigInteger.Pow(10, power), BigInteger.One) : (above, BigInteger.Pow(10, -power));
    }
}
