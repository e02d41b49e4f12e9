namespace Skep.Overlay.Planning;

/// <summary>Which namespace an object lives in.</summary>
internal enum NamespaceKind
{
    Host,
    Router,
    Sandbox,
}

/// <param name="Id">Empty for the host; the VNI of a router; the task's id.</param>
internal readonly record struct NamespaceKey(NamespaceKind Kind, string Id) : IComparable<NamespaceKey>
{
    public static NamespaceKey Host => new(NamespaceKind.Host, "");

    public static NamespaceKey Router(int vni) => new(NamespaceKind.Router, vni.ToString());

    public static NamespaceKey Sandbox(TaskId task) => new(NamespaceKind.Sandbox, task.Value);

    public int CompareTo(NamespaceKey other) => Kind != other.Kind ? (int)Kind - (int)other.Kind : string.CompareOrdinal(Id, other.Id);
}

/// <summary>Something rtnetlink makes. Objects with equal <see cref="Key"/>s replace each other; equal objects are the same.</summary>
internal abstract record KernelObject
{
    /// <summary>What the kernel allows only once.</summary>
    public abstract ObjectKey Key { get; }

    /// <summary>The device it hangs on and dies with; null: none.</summary>
    public abstract string? Device { get; }

    /// <summary>Whether the kernel changes it in place; otherwise it is deleted and made anew.</summary>
    public virtual bool CanBecome(KernelObject other) => true;
}

/// <summary>The order of the kinds is the order objects are made in; they are removed the other way round.</summary>
internal enum KernelObjectKind
{
    Vxlan,
    Veth,
    Direct,
    TaskLink,
    Address,
    Forwarding,
    Neighbour,
    Route,
    Rule,
}

/// <remarks>Kinds are compared as numbers: Enum.CompareTo boxes both, and plans compare a great many.</remarks>
internal readonly record struct ObjectKey(KernelObjectKind Kind, string Device, ulong Number) : IComparable<ObjectKey>
{
    public int CompareTo(ObjectKey other)
    {
        int order = (int)Kind - (int)other.Kind;
        if (order == 0)
        {
            order = string.CompareOrdinal(Device, other.Device);
        }

        return order != 0 ? order : Number.CompareTo(other.Number);
    }
}

/// <summary>A VXLAN device; its UDP socket stays in the host namespace whatever namespace the device is in.</summary>
internal sealed record VxlanLink(string Name, MacAddress Mac, int Mtu, int Vni, Ipv4Address Local, int Port) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.Vxlan, Name, 0);

    public override string? Device => null;

    public override bool CanBecome(KernelObject other) => other is VxlanLink link && (link.Mac, link.Vni, link.Port) == (Mac, Vni, Port);
}

/// <summary>The node's end of a task's interface; making it makes both ends.</summary>
internal sealed record VethLink(TaskId Task, string Interface, MacAddress Mac, int Mtu) : KernelObject
{
    /// <summary>The MAC of every node-side end; the tasks' next hop.</summary>
    public static MacAddress NodeSide { get; } = MacAddress.Parse("02:53:57:ff:ff:01");

    /// <summary>Every node-side end is in this device group; rules match it.</summary>
    public const uint Group = 0x5357;

    public string Name => NameOf(Task, Interface);

    /// <summary>At most 15 characters that tell task and interface, so that a dump needs no other record.</summary>
    public static string NameOf(TaskId task, string @interface)
    {
        string number = @interface.StartsWith("eth", StringComparison.Ordinal) ? @interface[3..] : @interface;
        int room = 15 - 2 - number.Length;
        return $"t{(task.Value.Length > room ? task.Value[^room..] : task.Value)}.{number}";
    }

    public override ObjectKey Key => new(KernelObjectKind.Veth, Name, 0);

    public override string? Device => null;

    public override bool CanBecome(KernelObject other) => Equals(other);
}

/// <summary>A task's interface that hangs on a device of the host. What it hangs on is not read back: it cannot change.</summary>
internal sealed record DirectLink(string Name, MacAddress Mac) : KernelObject
{
    public string Parent { get; init; } = "";

    public uint Mode { get; init; }

    public override ObjectKey Key => new(KernelObjectKind.Direct, Name, 0);

    public override string? Device => null;

    public override bool CanBecome(KernelObject other) => other is DirectLink link && link.Mac == Mac;
}

/// <summary>A link in our group that belongs to no sandbox we know; only ever found and removed.</summary>
internal sealed record UnknownLink(string Name) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.Veth, Name, 0);

    public override string? Device => null;

    public override bool CanBecome(KernelObject other) => false;
}

/// <summary>The task's end of an interface, brought up.</summary>
internal sealed record TaskLink(string Name) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.TaskLink, Name, 0);

    public override string? Device => Name;
}

/// <summary>An address without a prefix route.</summary>
internal sealed record LinkAddress(string Link, Ipv4Address Address, int Length) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.Address, Link, ((ulong)Address.Value << 8) | (uint)Length);

    public override string? Device => Link;
}

/// <summary>Which underlay address frames for a MAC go to.</summary>
internal sealed record ForwardingEntry(string Link, MacAddress Mac, Ipv4Address Destination) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.Forwarding, Link, Mac.Value);

    public override string? Device => Link;
}

/// <summary>A permanent neighbour.</summary>
internal sealed record Neighbour(string Link, Ipv4Address Address, MacAddress Mac) : KernelObject
{
    public override ObjectKey Key => new(KernelObjectKind.Neighbour, Link, Address.Value);

    public override string? Device => Link;
}

/// <summary>A route through a device, straight or by a next hop that counts as on-link.</summary>
internal sealed record Route(uint Table, Ipv4Prefix Destination, string Link, Ipv4Address? Via) : KernelObject
{
    public const uint Main = 254;

    public override ObjectKey Key =>
        new(KernelObjectKind.Route, Table == Main ? "main" : Table.ToString(), ((ulong)Destination.Network.Value << 8) | (uint)Destination.Length);

    public override string? Device => Link;
}

internal enum RuleAction
{
    Lookup = 1,
    Goto = 2,
    Nothing = 3,
}

/// <summary>A policy rule. <see cref="Target"/> is a table or the preference to go to.</summary>
internal sealed record PolicyRule(uint Preference, RuleAction Action, uint Target) : KernelObject
{
    public uint Mark { get; init; }

    public uint Mask { get; init; }

    public bool IsInverted { get; init; }

    public Ipv4Address? Source { get; init; }

    public override ObjectKey Key => new(KernelObjectKind.Rule, $"{Preference}", ((ulong)(Source?.Value ?? 0) << 32) | Mark);

    public override string? Device => null;

    public override bool CanBecome(KernelObject other) => Equals(other);
}
