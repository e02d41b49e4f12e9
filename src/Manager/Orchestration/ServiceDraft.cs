namespace Skep.Manager.Orchestration;

/// <summary>A service and its tasks while a plan is made: each step sees what the steps before it decided.</summary>
internal sealed class ServiceDraft
{
    /// <summary>Tasks a plan creates or changes at most; the rest follows in the next one, at once. Keeps batches small and the loops behind busy meanwhile.</summary>
    public const int MostChanges = 400;

    private readonly Dictionary<TaskId, SwarmTask> _changed = [];
    private readonly List<TaskId> _order = [];
    private readonly HashSet<TaskId> _created = [];
    private DateTimeOffset? _wakeAt;

    public ServiceDraft(StoreView view, Service service, Moment moment)
    {
        View = view;
        Service = service;
        Moment = moment;
        foreach (SwarmTask task in view.Tasks.OfService(service.Id))
        {
            SlotOf(SlotKey.Of(task)).Add(task);
        }
    }

    public StoreView View { get; }

    public Moment Moment { get; }

    public DateTimeOffset Now => Moment.Now;

    public Service Service { get; private set; }

    public SortedDictionary<SlotKey, Slot> Slots { get; } = [];

    /// <summary>What tasks that may start are wanted to be: those of a job are to come to an end.</summary>
    public TaskState Goal => Service.JobStatus is null ? TaskState.Running : TaskState.Complete;

    public bool IsFull => _order.Count >= MostChanges;

    public Slot SlotOf(SlotKey key)
    {
        if (!Slots.TryGetValue(key, out Slot? slot))
        {
            Slots[key] = slot = new Slot(key);
        }

        return slot;
    }

    public Node? NodeOf(SwarmTask task) => View.NodeOf(task);

    public bool MayStillRun(SwarmTask task) => task.MayStillRun(NodeOf(task));

    public SwarmTask? Find(TaskId id) => _changed.GetValueOrDefault(id) ?? View.Tasks.Find(id);

    public void Want(SwarmTask task, TaskState desired)
    {
        if (task.DesiredState < desired)
        {
            Put(task with { DesiredState = desired });
        }
    }

    /// <summary>A new task of the present spec.</summary>
    /// <param name="after">The task that must have stopped before this one starts; null: none.</param>
    /// <param name="notBefore">Not to start earlier.</param>
    public SwarmTask Create(SlotKey key, TaskId? after, DateTimeOffset? notBefore)
    {
        var task = new SwarmTask(new TaskId(Moment.Ids.Next()), Service.Id, key.Number)
        {
            // Only within the draft: the store stamps the task when the plan is applied.
            CreatedAt = Now,
            Node = key.Node,
            Spec = TaskTemplate.Of(Service, View.Cluster),
            SpecVersion = Service.SpecVersion,
            ServiceAnnotations = Service.Spec.Annotations,
            Status = new SwarmTaskStatus(TaskState.New, Now) { Message = "created" },
            DesiredState = after is null && notBefore is null ? Goal : TaskState.Ready,
            JobIteration = Service.JobStatus?.Iteration,
            After = after,
            NotBefore = notBefore,
        };
        _created.Add(task.Id);
        Put(task);
        return task;
    }

    public void Put(SwarmTask task)
    {
        if (!_changed.ContainsKey(task.Id))
        {
            _order.Add(task.Id);
        }

        _changed[task.Id] = task;
        SlotOf(SlotKey.Of(task)).Add(task);
    }

    public void Put(Service service) => Service = service;

    public void WakeAt(DateTimeOffset at) => _wakeAt = _wakeAt is { } known && known <= at ? known : at;

    public Plan ToPlan()
    {
        var changes = new List<StoreChange>(_order.Count + 1);
        if (!ReferenceEquals(Service, View.Services.Find(Service.Id)))
        {
            changes.Add(new StoreChange.Update(Service));
        }
        changes.AddRange(_order.Select(id => _created.Contains(id) ? (StoreChange)new StoreChange.Create(_changed[id]) : new StoreChange.Update(_changed[id])));
        return new Plan(changes.ToValueList(), IsFull ? Now : _wakeAt);
    }
}
