using System.Globalization;

namespace Skep.Raft.Tests.Scenarios;

/// <summary><c>name word word key=value</c>.</summary>
internal sealed record ScenarioCommand(string Name, string[] Words, Dictionary<string, string> Options)
{
    public ulong Id(int position) => ulong.Parse(Words[position], CultureInfo.InvariantCulture);

    public ulong[] Ids(IEnumerable<ulong> otherwise) => Words.Length == 0 ? [.. otherwise] : [.. Words.Select(w => ulong.Parse(w, CultureInfo.InvariantCulture))];

    public bool Matches(string key, ulong id) => !Options.TryGetValue(key, out string? value) || Numbers(value).Contains(id);

    public static ulong[] Numbers(string list) => [.. list.Split(',').Select(n => ulong.Parse(n, CultureInfo.InvariantCulture))];
}
