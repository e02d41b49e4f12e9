using System.Globalization;

namespace Skep.Engine.Oci;

/// <summary>The users and groups an image knows, from its /etc/passwd and /etc/group.</summary>
/// <remarks>Source: passwd(5), group(5); moby/sys:user/user.go for what each spelling means.</remarks>
internal sealed record Accounts(ValueList<Accounts.User> Users, ValueList<Accounts.Group> Groups)
{
    public static Accounts None { get; } = new([], []);

    public static Accounts Parse(string passwd, string group) => new(
        Lines(passwd).Where(f => f.Length >= 4 && uint.TryParse(f[2], out _) && uint.TryParse(f[3], out _))
            .Select(f => new User(f[0], uint.Parse(f[2], CultureInfo.InvariantCulture), uint.Parse(f[3], CultureInfo.InvariantCulture))).ToValueList(),
        Lines(group).Where(f => f.Length >= 3 && uint.TryParse(f[2], out _))
            .Select(f => new Group(f[0], uint.Parse(f[2], CultureInfo.InvariantCulture), f.Length > 3 ? f[3].Split(',', StringSplitOptions.RemoveEmptyEntries).ToValueList() : [])).ToValueList());

    /// <param name="spec"><c>user[:group]</c>, names or numbers; empty is root.</param>
    /// <param name="extraGroups">Further groups, names or numbers.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, in Docker's words.</exception>
    public ResolvedUser Resolve(string spec, ValueList<string> extraGroups)
    {
        int colon = spec.IndexOf(':', StringComparison.Ordinal);
        string userPart = colon < 0 ? spec : spec[..colon];
        string groupPart = colon < 0 ? "" : spec[(colon + 1)..];
        if (userPart.Length == 0)
        {
            userPart = "0";
        }

        User? user = Users.FirstOrDefault(u => u.Name == userPart);
        if (user is null && uint.TryParse(userPart, out uint uid))
        {
            user = Users.FirstOrDefault(u => u.Uid == uid) ?? new User("", uid, 0);
        }

        if (user is null)
        {
            throw ClusterException.Invalid($"unable to find user {userPart}: no matching entries in passwd file");
        }

        uint gid = groupPart.Length > 0 ? FindGroup(groupPart) : user.Gid;
        // A group named with the user stands alone; otherwise the user's memberships count too.
        IEnumerable<uint> memberships = groupPart.Length > 0 || user.Name.Length == 0 ? [] : Groups.Where(g => g.Members.Contains(user.Name)).Select(g => g.Gid);
        return new ResolvedUser(user.Uid, gid, memberships.Concat(extraGroups.Select(FindGroup)).Distinct().ToValueList());
    }

    private uint FindGroup(string text)
    {
        if (Groups.FirstOrDefault(g => g.Name == text) is { } group)
        {
            return group.Gid;
        }

        return uint.TryParse(text, out uint gid) ? gid : throw ClusterException.Invalid($"unable to find group {text}: no matching entries in group file");
    }

    private static IEnumerable<string[]> Lines(string text)
        => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#').Select(l => l.TrimEnd('\r').Split(':'));

    internal sealed record User(string Name, uint Uid, uint Gid);

    internal sealed record Group(string Name, uint Gid, ValueList<string> Members);
}
