using Skep.Overlay.Nftables;

namespace Skep.Overlay.Planning;

/// <summary>What one namespace holds of ours.</summary>
internal sealed class NamespaceState
{
    public Dictionary<ObjectKey, KernelObject> Objects { get; } = [];

    public TableState Table { get; } = new();

    /// <summary>The part of the desired picture that was last brought about completely; null after a start or a failure.</summary>
    public object? Inputs { get; set; }

    public void Put(KernelObject made) => Objects[made.Key] = made;

    /// <summary>Forgets an object and, if it is a device, what hung on it.</summary>
    public void Take(KernelObject gone)
    {
        Objects.Remove(gone.Key);
        string? name = gone switch
        {
            VxlanLink link => link.Name,
            VethLink link => link.Name,
            UnknownLink link => link.Name,
            DirectLink link => link.Name,
            _ => null,
        };
        if (name is null)
        {
            return;
        }

        foreach (KernelObject hanging in Objects.Values.Where(o => o.Device == name).ToList())
        {
            Objects.Remove(hanging.Key);
        }
    }
}

/// <summary>What the node's kernel holds of ours, as far as we know: read at start, then kept in step with each operation.</summary>
internal sealed class PresentNetwork
{
    public SortedDictionary<NamespaceKey, NamespaceState> Namespaces { get; } = new() { [NamespaceKey.Host] = new NamespaceState() };

    public NamespaceState this[NamespaceKey key] => Namespaces[key];

    /// <summary>What the picture is after an operation.</summary>
    public void Apply(Operation operation)
    {
        switch (operation)
        {
            case Operation.MakeRouter make:
                Namespaces[make.Namespace] = new NamespaceState();
                break;
            case Operation.DropRouter drop:
                Namespaces.Remove(drop.Namespace);
                break;
            case Operation.Put put:
                this[put.Namespace].Put(put.Object);
                break;
            case Operation.Take take:
                this[take.Namespace].Take(take.Object);
                if (take.Object is VethLink)
                {
                    this[take.Namespace].Inputs = null; // a router that rests no longer is what it was made from
                }

                if (take.Object is VethLink link && Namespaces.TryGetValue(NamespaceKey.Sandbox(link.Task), out NamespaceState? inside))
                {
                    inside.Take(new UnknownLink(link.Interface));
                }

                break;
            case Operation.ChangeTable change:
                change.Change.ApplyTo(this[change.Namespace].Table);
                break;
        }
    }

    /// <summary>A task's namespace went; its interfaces die with it, at the kernel's leisure. Their routes are left to the next plan.</summary>
    public void SandboxGone(TaskId task)
    {
        Namespaces.Remove(NamespaceKey.Sandbox(task));
        foreach (NamespaceState state in Namespaces.Values)
        {
            foreach (VethLink link in state.Objects.Values.OfType<VethLink>().Where(l => l.Task == task).ToList())
            {
                state.Objects.Remove(link.Key);
                state.Inputs = null;
            }
        }
    }
}
