namespace Skep.Manager.Control;

/// <summary>Makes a name for a service that came without one.</summary>
internal static class ServiceNames
{
    private static readonly string[] Moods =
    [
        "amber", "brave", "bright", "busy", "calm", "clever", "cosy", "dapper", "eager", "early", "fair", "fleet", "gentle", "golden", "happy", "humming",
        "jolly", "keen", "kind", "lively", "lucky", "mellow", "merry", "neat", "nimble", "patient", "proud", "quick", "quiet", "sunny", "tidy", "warm",
    ];

    private static readonly string[] Blossoms =
    [
        "acacia", "alder", "anise", "aster", "basil", "borage", "broom", "clover", "crocus", "daisy", "fennel", "gorse", "hawthorn", "hazel", "heather", "ivy",
        "jasmine", "laurel", "lavender", "lilac", "linden", "lupin", "mallow", "marjoram", "melissa", "mint", "poppy", "rosemary", "sage", "thyme", "violet", "willow",
    ];

    /// <param name="id">A fresh id, as the source of chance.</param>
    /// <param name="isTaken">True for names in use; then digits are added.</param>
    public static string From(string id, Func<string, bool> isTaken)
    {
        string name = $"{Moods[id[0] % Moods.Length]}_{Blossoms[id[1] % Blossoms.Length]}";
        for (int i = 2; isTaken(name) && i < id.Length; i++)
        {
            name += id[i] % 10;
        }

        return name;
    }
}
