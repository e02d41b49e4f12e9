using Skep.Engine.Containerd;
using Skep.Engine.Networks;

namespace Skep.Engine.Containers;

/// <summary>Whoever makes containers of this node besides its users: a cluster, for its tasks. The second implementation is an engine without one.</summary>
/// <remarks>The engine lists and finds containers itself; the owner says what is not in containerd: how far it has come with one.</remarks>
internal interface IContainerOwner
{
    /// <summary>The name that users know it by, from what is in the container alone; null: not one of the owner's.</summary>
    string? NameOf(FoundContainer container);

    /// <summary>What the owner knows of it; null: not one of the owner's.</summary>
    OwnedContainer? Find(FoundContainer container);
}

/// <summary>A container as its owner sees it. All may be missing: the owner may have forgotten it, or not begun.</summary>
internal sealed record OwnedContainer
{
    /// <summary>As the owner's spec names it; null: as the container does.</summary>
    public string? Image { get; init; }

    /// <summary>With templates filled in.</summary>
    public TaskSpec? Spec { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>It was started and has ended, whether or not containerd still knows.</summary>
    public bool HasEnded { get; init; }

    /// <summary>When it came to where it is.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    public int? ExitCode { get; init; }

    public string Error { get; init; } = "";

    public LocalHealth? Health { get; init; }

    public JoinedNetwork? Network { get; init; }
}

/// <summary>Without a cluster all containers are their users'.</summary>
internal sealed class NoContainerOwner : IContainerOwner
{
    public string? NameOf(FoundContainer container) => null;

    public OwnedContainer? Find(FoundContainer container) => null;
}
