namespace Skep.Overlay.Planning;

/// <summary>What a task's namespace follows from.</summary>
internal sealed record SandboxInputs(TaskSandbox Sandbox, ValueMap<NetworkId, NetworkFrame> Networks);

/// <summary>What a task's interface needs to know of its network.</summary>
internal sealed record NetworkFrame(Ipv4Prefix Subnet, Ipv4Address Gateway, int Mtu);

/// <summary>Compiles the namespace of one task.</summary>
internal static class SandboxTarget
{
    private const uint SourceTable = 100, SourcePreference = 1000;

    public static NamespaceTarget Compile(TaskId task, SandboxInputs inputs, PlannerOptions options)
    {
        var target = new NamespaceTarget(NamespaceKey.Sandbox(task), inputs);
        int overlays = 0;
        foreach (OverlayAttachment attachment in inputs.Sandbox.Overlays)
        {
            if (!inputs.Networks.TryGetValue(attachment.Network, out NetworkFrame? network))
            {
                continue;
            }

            overlays++;
            target.Add(new TaskLink(attachment.Interface));
            target.Add(new LinkAddress(attachment.Interface, attachment.Address, network.Subnet.Length));
            target.Add(new Neighbour(attachment.Interface, network.Gateway, VethLink.NodeSide));
            target.Add(new Route(Route.Main, network.Subnet, attachment.Interface, network.Gateway));
        }
        foreach (DirectAttachment direct in inputs.Sandbox.Directs)
        {
            target.Add(new DirectLink(direct.Interface, MacAddress.ForTask(direct.Address)) { Parent = direct.Parent, Mode = direct.Mode });
            target.Add(new TaskLink(direct.Interface));
            target.Add(new LinkAddress(direct.Interface, direct.Address, direct.Subnet.Length));
            target.Add(new Route(Route.Main, direct.Subnet, direct.Interface, null));
        }
        if (inputs.Sandbox.Egress is null && inputs.Sandbox.Directs.FirstOrDefault(d => d.Gateway is not null) is { } way)
        {
            target.Add(new Route(Route.Main, default, way.Interface, way.Gateway));
        }

        if (inputs.Sandbox.Egress is not { } egress)
        {
            return target;
        }

        target.Add(new TaskLink(egress.Interface));
        target.Add(new LinkAddress(egress.Interface, egress.Address, 32));
        target.Add(new Neighbour(egress.Interface, options.EgressGateway, VethLink.NodeSide));
        target.Add(new Route(Route.Main, default, egress.Interface, options.EgressGateway));
        if (overlays > 0)
        {
            // Clients keep their addresses; one that lies in a subnet of the task's overlays must be answered by the way it came.
            target.Add(new Route(SourceTable, default, egress.Interface, options.EgressGateway));
            target.Add(new PolicyRule(SourcePreference, RuleAction.Lookup, SourceTable) { Source = egress.Address });
        }
        return target;
    }
}
