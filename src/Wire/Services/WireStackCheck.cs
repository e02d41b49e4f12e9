namespace Skep.Wire;

/// <summary>The body of <c>POST /stacks/{name}/check</c>, ours, not Docker's: all that a deployment of the stack would ask for, in the bodies of the requests themselves.</summary>
/// <remarks>What is there already under its name is updated, or left alone if it is a network. Services name secrets and configs without ids: they may have none yet.</remarks>
public sealed record WireStackCheck
{
    /// <summary>Services of the stack that are not listed are removed first.</summary>
    public bool Prune { get; init; }

    public List<WireNetworkCreate>? Networks { get; init; }

    public List<WireSecretSpec>? Secrets { get; init; }

    public List<WireConfigSpec>? Configs { get; init; }

    public List<WireServiceSpec>? Services { get; init; }
}
