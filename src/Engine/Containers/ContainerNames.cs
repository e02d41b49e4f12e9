namespace Skep.Engine.Containers;

/// <summary>Names for containers that nobody named: how a thing is, and what it is; things of a meadow with bees.</summary>
internal static class ContainerNames
{
    private static readonly string[] Manners =
    [
        "airy", "amber", "bold", "brave", "bright", "brisk", "busy", "calm", "clever", "cosy", "eager", "early", "fond", "gentle", "glad", "golden", "hardy", "humming", "jolly", "keen", "kind",
        "lively", "lucky", "mellow", "merry", "mild", "nimble", "patient", "plucky", "proud", "quick", "quiet", "rosy", "sleepy", "smart", "soft", "steady", "sunny", "sweet", "swift", "tidy",
        "warm", "wild", "wise", "witty", "young", "zesty",
    ];

    private static readonly string[] Things =
    [
        "acacia", "alder", "aster", "balm", "basil", "bee", "beech", "borage", "bramble", "broom", "clover", "comb", "crocus", "daisy", "drone", "elder", "fennel", "heath", "heather", "hive",
        "honey", "ivy", "larch", "lavender", "linden", "maple", "meadow", "mint", "nectar", "orchard", "pollen", "poppy", "primrose", "queen", "rosemary", "rowan", "sage", "skep", "sorrel",
        "swarm", "thistle", "thyme", "vetch", "violet", "wax", "willow", "yarrow",
    ];

    public static string Make(Random random) => $"{Manners[random.Next(Manners.Length)]}_{Things[random.Next(Things.Length)]}";

    public static bool IsValid(string name) => name.Length >= 2 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
}
