namespace Skep.Manager.Orchestration;

internal static class RollingUpdate
{
    public static void Run(ServiceDraft draft, IReadOnlyList<Slot> slots)
    {
    }
}
