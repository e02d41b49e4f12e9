namespace Skep.Manager.Control;

/// <summary>Makes a name for a service that came without one.</summary>
internal static class ServiceNames
{
    private static readonly string[] s_moods =
    [
        "amber", "brave", "bright", "busy", "calm", "clever", "cosy", "dapper", "eager", "early", "fair", "fleet", "gentle", "golden", "happy", "humming",
        "jolly", "keen", "kind", "lively", "lucky", "mellow", "merry", "neat", "nimble", "patient", "proud", "quick", "quiet", "sunny", "tidy", "warm",
    ];

    private static readonly string[] s_blossoms =
    [
        "acacia", "alder", "anise", "aster", "basil", "borage", "broom", "clover", "crocus", "daisy", "fennel", "gorse", "hawthorn", "hazel", "heather", "ivy",
        "jasmine", "laurel", "lavender", "lilac", "linden", "lupin", "mallow", "marjoram", "melissa", "mint", "poppy", "rosemary", "sage", "thyme", "violet", "willow",
    ];

    /// <param name="id">A fresh id, as the source of chance.</param>
    /// <param name="isTaken">True for names in use; then digits are added.</param>
    public static string From(string id, Func<string, bool> isTaken)
    {
        string name = $"{s_moods[id[0] % s_moods.Length]}_{s_blossoms[id[1] % s_blossoms.Length]}";
        for (int i = 2; isTaken(name) && i < id.Length; i++)
        {
            name += id[i] % 10;
        }

        return name;
    }
}
