using System.Globalization;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Relay;

/// <summary>Which task a user means by a container's id, a task's id or name, or a service's slot. Pure.</summary>
internal static class TaskContainers
{
    private const int ShortestPrefix = 4;

    /// <param name="name">Container id or its beginning, task id or its beginning, <c>web.2.&lt;task&gt;</c>, or <c>web.2</c> for what runs in that slot.</param>
    /// <returns>Null: none, or several.</returns>
    public static SwarmTask? Find(StoreView view, string name)
    {
        name = name.TrimStart('/');
        if (view.Tasks.FindKey(name) is { Attachment: null } exact)
        {
            return exact;
        }

        SwarmTask? found = Only(view.Tasks.Where(t => t.Attachment is null && t.Name == name));
        if (found is null && name.Length >= ShortestPrefix)
        {
            found = Only(view.Tasks.Where(t => t.Status.Container?.ContainerId.StartsWith(name, StringComparison.Ordinal) == true)) ?? Only(view.Tasks.WithIdPrefix(name).Where(t => t.Attachment is null));
        }

        return found ?? InSlot(view, name);
    }

    private static SwarmTask? InSlot(StoreView view, string name)
    {
        int dot = name.LastIndexOf('.');
        if (dot <= 0 || view.Services.ByName(name[..dot]) is not { } service)
        {
            return null;
        }

        string place = name[(dot + 1)..];
        bool isNumber = int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out int slot);
        return view.Tasks.OfService(service.Id)
            .Where(t => t.Slot > 0 ? isNumber && t.Slot == slot : t.Node?.Value == place)
            .OrderByDescending(t => t.IsRunning)
            .ThenByDescending(t => t.IsWanted)
            .ThenByDescending(t => t.Status.Timestamp)
            .FirstOrDefault();
    }

    private static SwarmTask? Only(IEnumerable<SwarmTask> matches) => matches.Take(2).ToArray() is [var one] ? one : null;
}
