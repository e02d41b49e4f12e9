using System.Security.Cryptography;
using System.Text;

namespace Skep.Model;

/// <summary>Id of a swarm node: 25 characters of <c>[a-z0-9]</c>, the CN of its certificate.</summary>
public readonly record struct NodeId(string Value) : IComparable<NodeId>
{
    public int CompareTo(NodeId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a service.</summary>
public readonly record struct ServiceId(string Value) : IComparable<ServiceId>
{
    /// <summary>That of tasks which belong to no service.</summary>
    public static ServiceId None => new("");

    public int CompareTo(ServiceId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a task.</summary>
public readonly record struct TaskId(string Value) : IComparable<TaskId>
{
    /// <summary>Id of the task's container, 64 hexadecimal digits. It follows from the task's, so that every node can tell a task's default hostname.</summary>
    public string ContainerId => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"skep-task:{Value}")));

    public int CompareTo(TaskId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a cluster network.</summary>
public readonly record struct NetworkId(string Value) : IComparable<NetworkId>
{
    public int CompareTo(NetworkId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a secret.</summary>
public readonly record struct SecretId(string Value) : IComparable<SecretId>
{
    public int CompareTo(SecretId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a config.</summary>
public readonly record struct ConfigId(string Value) : IComparable<ConfigId>
{
    public int CompareTo(ConfigId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Id of a cluster; the O of every certificate.</summary>
public readonly record struct ClusterId(string Value) : IComparable<ClusterId>
{
    public int CompareTo(ClusterId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}

/// <summary>Index of an object's last change in the replicated log, Docker's <c>Version.Index</c>. 0: not stored yet.</summary>
public readonly record struct ObjectVersion(ulong Index) : IComparable<ObjectVersion>
{
    public static ObjectVersion None => default;

    public int CompareTo(ObjectVersion other) => Index.CompareTo(other.Index);

    public override string ToString() => Index.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
