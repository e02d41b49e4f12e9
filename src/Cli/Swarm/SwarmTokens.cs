using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm join-token</c>, <c>unlock-key</c>, <c>unlock</c>, <c>update</c>.</summary>
internal static class SwarmTokens
{
    private static readonly Flag<bool> Rotate = Flag.Switch("rotate", "Rotate it");
    private static readonly Flag<bool> OnlyToken = Flag.Switch("quiet", "Only display token", 'q');

    public static readonly Verb JoinToken = new("[OPTIONS] (worker|manager)", "Manage join tokens", Arity.One, [Rotate, OnlyToken], JoinTokenAsync);

    public static readonly Verb UnlockKey = new("[OPTIONS]", "Manage the unlock key", Arity.None, [Rotate, OnlyToken], UnlockKeyAsync);

    public static readonly Verb Unlock = new("", "Unlock swarm", Arity.None, [], UnlockAsync);

    public static readonly Verb Update = new("[OPTIONS]", "Update the swarm", Arity.None, SwarmSettings.Flags, UpdateAsync);

    /// <summary>Changes the cluster's settings with the version they were read at.</summary>
    public static Task ChangeAsync(
        Invocation call, WireSwarm swarm, WireSwarmSpec spec, CancellationToken cancellation, bool worker = false, bool manager = false, bool unlockKey = false)
        => call.Engine.PostAsync(
            new Query("/swarm/update").With("version", swarm.Version?.Index ?? 0)
                .With("rotateWorkerToken", worker ? "true" : "false")
                .With("rotateManagerToken", manager ? "true" : "false")
                .With("rotateManagerUnlockKey", unlockKey ? "true" : "false").ToString(),
            spec,
            WireJson.Default.WireSwarmSpec,
            cancellation);

    public static Task<WireSwarm> ReadAsync(Invocation call, CancellationToken cancellation) => call.Engine.GetAsync("/swarm", WireJson.Default.WireSwarm, cancellation);

    /// <summary>How others join, with the address of this node.</summary>
    public static async Task PrintJoinCommandAsync(Invocation call, string node, bool worker, bool manager, CancellationToken cancellation)
    {
        WireNode self = await call.Engine.GetAsync($"/nodes/{node}", WireJson.Default.WireNode, cancellation);
        WireSwarm swarm = await ReadAsync(call, cancellation);
        if (self.ManagerStatus?.Addr is not { } address)
        {
            return;
        }

        if (worker)
        {
            call.Out.WriteLine($"To add a worker to this swarm, run the following command:\n\n    skep swarm join --token {swarm.JoinTokens?.Worker} {address}\n");
        }

        if (manager)
        {
            call.Out.WriteLine($"To add a manager to this swarm, run the following command:\n\n    skep swarm join --token {swarm.JoinTokens?.Manager} {address}\n");
        }
    }

    public static async Task PrintUnlockKeyAsync(Invocation call, CancellationToken cancellation)
    {
        WireUnlockKey key = await call.Engine.GetAsync("/swarm/unlockkey", WireJson.Default.WireUnlockKey, cancellation);
        if (key.UnlockKey is not { Length: > 0 } text)
        {
            throw new CliException("no unlock key is set");
        }

        call.Out.WriteLine($"""
            To unlock a swarm manager after it restarts, run the `skep swarm unlock`
            command and provide the following key:

                {text}

            Remember to store this key in a password manager, since without it you
            will not be able to restart the manager.
            """);
    }

    private static async Task<int> JoinTokenAsync(Invocation call, CancellationToken cancellation)
    {
        bool worker = call.Arguments[0] == "worker";
        bool manager = call.Arguments[0] == "manager";
        bool quiet = call.Get(OnlyToken);
        if (!worker && !manager)
        {
            throw new CliException($"unknown role {call.Arguments[0]}");
        }

        WireSwarm swarm = await ReadAsync(call, cancellation);
        if (call.Get(Rotate))
        {
            await ChangeAsync(call, swarm, swarm.Spec ?? new WireSwarmSpec(), cancellation, worker: worker, manager: manager);
            if (!quiet)
            {
                call.Out.WriteLine($"Successfully rotated {call.Arguments[0]} join token.\n");
            }

            swarm = quiet ? await ReadAsync(call, cancellation) : swarm;
        }

        if (quiet)
        {
            call.Out.WriteLine(worker ? swarm.JoinTokens?.Worker : swarm.JoinTokens?.Manager);
            return 0;
        }

        WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        await PrintJoinCommandAsync(call, info.Swarm?.NodeId ?? "", worker, manager, cancellation);
        return 0;
    }

    private static async Task<int> UnlockKeyAsync(Invocation call, CancellationToken cancellation)
    {
        bool quiet = call.Get(OnlyToken);
        if (call.Get(Rotate))
        {
            WireSwarm swarm = await ReadAsync(call, cancellation);
            if (swarm.Spec?.EncryptionConfig?.AutoLockManagers != true)
            {
                throw new CliException("cannot rotate because autolock is not turned on");
            }

            await ChangeAsync(call, swarm, swarm.Spec, cancellation, unlockKey: true);
            if (!quiet)
            {
                call.Out.WriteLine("Successfully rotated manager unlock key.\n");
            }
        }

        if (!quiet)
        {
            await PrintUnlockKeyAsync(call, cancellation);
            return 0;
        }

        WireUnlockKey key = await call.Engine.GetAsync("/swarm/unlockkey", WireJson.Default.WireUnlockKey, cancellation);
        call.Out.WriteLine(key.UnlockKey is { Length: > 0 } text ? text : throw new CliException("no unlock key is set"));
        return 0;
    }

    private static async Task<int> UnlockAsync(Invocation call, CancellationToken cancellation)
    {
        WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        switch (info.Swarm?.LocalNodeState)
        {
            case "inactive" or null:
                throw new CliException("Error: This node is not part of a swarm");
            case not "locked":
                throw new CliException("Error: swarm is not locked");
        }

        string key = (await HiddenInput.ReadLineAsync(call, "Enter unlock key: ", cancellation)).Trim();
        await call.Engine.PostAsync("/swarm/unlock", new WireUnlockKey { UnlockKey = key }, WireJson.Default.WireUnlockKey, cancellation);
        return 0;
    }

    private static async Task<int> UpdateAsync(Invocation call, CancellationToken cancellation)
    {
        if (!SwarmSettings.AnyGiven(call))
        {
            throw new UsageException("nothing to update: name at least one option", 1);
        }

        WireSwarm swarm = await ReadAsync(call, cancellation);
        WireSwarmSpec spec = swarm.Spec ?? new WireSwarmSpec();
        bool wasLocked = spec.EncryptionConfig?.AutoLockManagers == true;
        spec = SwarmSettings.Apply(call, spec);
        await ChangeAsync(call, swarm, spec, cancellation);
        call.Out.WriteLine("Swarm updated.");
        if (!wasLocked && spec.EncryptionConfig?.AutoLockManagers == true)
        {
            await PrintUnlockKeyAsync(call, cancellation);
        }

        return 0;
    }
}
