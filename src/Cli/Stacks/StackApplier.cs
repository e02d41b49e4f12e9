using Skep.Cli.Engine;
using Skep.Cli.Images;
using Skep.Cli.Services;
using Skep.Compose;
using Skep.Model;
using Skep.Wire;
using Skep.Wire.Mapping;

namespace Skep.Cli.Stacks;

/// <summary>Brings the parts of one stack into being, in the order in which they need each other.</summary>
internal sealed class StackApplier(Invocation call, string stack, string resolve, bool withAuth)
{
    private EngineClient Engine => call.Engine;

    /// <summary>Has the engine say what it would refuse, so that a mistake only it can see leaves nothing half made.</summary>
    public Task CheckAsync(StackPlan plan, bool prune, CancellationToken cancellation) => Engine.PostAsync(
        $"/stacks/{Query.Escape(stack)}/check", StackRequests.Check(plan, prune), WireJson.Default.WireStackCheck, cancellation);

    /// <summary>Removes the services of the stack that the files no longer have.</summary>
    public async Task PruneAsync(StackPlan plan, CancellationToken cancellation)
    {
        HashSet<string> wanted = [.. plan.Services.Select(static service => service.Spec.Annotations.Name)];
        foreach (WireService service in await ExistingAsync(cancellation))
        {
            if (service.Spec?.Name is { } name && !wanted.Contains(name))
            {
                call.Out.WriteLine($"Removing service {name}");
                await Engine.DeleteAsync($"/services/{service.Id}", cancellation);
            }
        }
    }

    /// <summary>Refuses networks that the stack does not make and nobody else has made.</summary>
    public async Task ExternalNetworksAsync(StackPlan plan, CancellationToken cancellation)
    {
        foreach (string name in plan.ExternalNetworks.Where(static name => name is not ("default" or "bridge" or "host" or "none") && !name.StartsWith("container:", StringComparison.Ordinal)))
        {
            try
            {
                WireNetwork network = await Engine.GetAsync($"/networks/{Query.Escape(name)}", WireJson.Default.WireNetwork, cancellation);
                if (network.Scope != "swarm")
                {
                    throw new CliException($"network \"{name}\" is declared as external, but it is not in the right scope: \"{network.Scope}\" instead of \"swarm\"");
                }
            }
            catch (EngineException failure) when (failure.IsNotFound)
            {
                throw new CliException($"network \"{name}\" is declared as external, but could not be found. You need to create a swarm-scoped network before the stack is deployed");
            }
        }
    }

    public async Task NetworksAsync(StackPlan plan, CancellationToken cancellation)
    {
        List<WireNetwork> present = await Engine.GetAsync(new Query("/networks").Of(stack).ToString(), WireJson.Default.ListWireNetwork, cancellation);
        foreach (NetworkSpec network in plan.Networks.Where(network => !present.Exists(existing => existing.Name == network.Annotations.Name)))
        {
            call.Out.WriteLine($"Creating network {network.Annotations.Name}");
            call.Out.Flush();
            await TryAsync($"failed to create network {network.Annotations.Name}", () => Engine.PostAsync(
                "/networks/create", StackRequests.Network(network), WireJson.Default.WireNetworkCreate, cancellation));
        }
    }

    public async Task SecretsAsync(StackPlan plan, CancellationToken cancellation)
    {
        foreach (SecretSpec secret in plan.Secrets)
        {
            string name = secret.Annotations.Name;
            WireSecret? present = await OrNullAsync(() => Engine.GetAsync($"/secrets/{Query.Escape(name)}", WireJson.Default.WireSecret, cancellation));
            if (present is null)
            {
                call.Out.WriteLine($"Creating secret {name}");
                await TryAsync($"failed to create secret {name}", () => Engine.PostAsync("/secrets/create", secret.ToRequest(), WireJson.Default.WireSecretSpec, cancellation));
            }
            else
            {
                await TryAsync($"failed to update secret {name}", () => Engine.PostAsync(
                    new Query($"/secrets/{present.Id}/update").With("version", present.Version?.Index ?? 0).ToString(), secret.ToRequest(), WireJson.Default.WireSecretSpec, cancellation));
            }
        }
    }

    public async Task ConfigsAsync(StackPlan plan, CancellationToken cancellation)
    {
        foreach (ConfigSpec config in plan.Configs)
        {
            string name = config.Annotations.Name;
            WireConfig? present = await OrNullAsync(() => Engine.GetAsync($"/configs/{Query.Escape(name)}", WireJson.Default.WireConfig, cancellation));
            if (present is null)
            {
                call.Out.WriteLine($"Creating config {name}");
                await TryAsync($"failed to create config {name}", () => Engine.PostAsync("/configs/create", config.ToWire(), WireJson.Default.WireConfigSpec, cancellation));
            }
            else
            {
                await TryAsync($"failed to update config {name}", () => Engine.PostAsync(
                    new Query($"/configs/{present.Id}/update").With("version", present.Version?.Index ?? 0).ToString(), config.ToWire(), WireJson.Default.WireConfigSpec, cancellation));
            }
        }
    }

    /// <returns>Ids and names of all services of the files.</returns>
    public async Task<List<KeyValuePair<string, string>>> ServicesAsync(StackPlan plan, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, SecretId> secrets = await References.SecretsAsync(Engine, [.. plan.Services.SelectMany(static service => service.SecretNames)], cancellation);
        IReadOnlyDictionary<string, ConfigId> configs = await References.ConfigsAsync(Engine, [.. plan.Services.SelectMany(static service => service.ConfigNames)], cancellation);
        List<WireService> present = await ExistingAsync(cancellation);
        List<KeyValuePair<string, string>> done = [];
        foreach (StackService service in plan.Services)
        {
            WireServiceSpec spec = StackRequests.Service(service, service.WithIds(secrets, configs));
            string name = service.Spec.Annotations.Name;
            string? auth = withAuth ? RegistryAuth.For(call.Terminal, service.Spec.Task.Container.Image) : null;
            WireService? existing = present.Find(other => other.Spec?.Name == name);
            string id = existing is null
                ? await CreateAsync(name, spec, auth, cancellation)
                : await UpdateAsync(name, existing, spec, service.Spec.Task.Container.Image, auth, cancellation);
            done.Add(KeyValuePair.Create(id, name));
        }

        return done;
    }

    private async Task<string> CreateAsync(string name, WireServiceSpec spec, string? auth, CancellationToken cancellation)
    {
        call.Out.WriteLine($"Creating service {name}");
        call.Out.Flush();
        spec = resolve == "never" ? spec : await ImagePinning.PinAsync(call, spec, auth, cancellation);
        WireCreated? created = null;
        await TryAsync($"failed to create service {name}", async () => created = await Engine.PostAsync(
            "/services/create", spec, WireJson.Default.WireServiceSpec, WireJson.Default.WireCreated, cancellation, auth));
        ServiceScaling.Warn(call, created?.Warnings);
        return created?.Id ?? name;
    }

    private async Task<string> UpdateAsync(string name, WireService present, WireServiceSpec spec, string image, string? auth, CancellationToken cancellation)
    {
        call.Out.WriteLine($"Updating service {name} (id: {present.Id})");
        call.Out.Flush();
        WireTaskSpec task = spec.TaskTemplate! with { ForceUpdate = present.Spec?.TaskTemplate?.ForceUpdate ?? 0 };
        bool sameImage = present.Spec?.Labels?.GetValueOrDefault(StackLabels.Image) == image;
        if (resolve != "always" && sameImage && present.Spec?.TaskTemplate?.ContainerSpec?.Image is { } pinned)
        {
            task = task with { ContainerSpec = task.ContainerSpec! with { Image = pinned } };
        }

        spec = spec with { TaskTemplate = task };
        if (resolve == "always" || (resolve == "changed" && !sameImage))
        {
            spec = await ImagePinning.PinAsync(call, spec, auth, cancellation);
        }

        WireWarnings? answer = null;
        await TryAsync($"failed to update service {name}", async () => answer = await Engine.PostAsync(
            new Query($"/services/{present.Id}/update").With("version", present.Version?.Index ?? 0).ToString(),
            spec, WireJson.Default.WireServiceSpec, WireJson.Default.WireWarnings, cancellation, auth));
        ServiceScaling.Warn(call, answer?.Warnings);
        return present.Id ?? name;
    }

    private Task<List<WireService>> ExistingAsync(CancellationToken cancellation) =>
        Engine.GetAsync(new Query("/services").Of(stack).ToString(), WireJson.Default.ListWireService, cancellation);

    private static async Task TryAsync(string what, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (EngineException failure)
        {
            throw new CliException($"{what}: {failure.Message}");
        }
    }

    private static async Task<T?> OrNullAsync<T>(Func<Task<T>> get)
        where T : class
    {
        try
        {
            return await get();
        }
        catch (EngineException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }
}
