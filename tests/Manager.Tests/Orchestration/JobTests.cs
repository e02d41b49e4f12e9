using Skep.Model;

namespace Skep.Manager.Tests.Orchestration;

public sealed class JobTests
{
    private readonly SimCluster _cluster = new(5, nodes: 3);

    private void Start(ServiceMode mode, RestartPolicySpec? restart = null)
    {
        _cluster.Create(Things.Service("job") with { Spec = Things.Spec("job", restart: restart) with { Mode = mode }, JobStatus = new JobStatus(ObjectVersion.None, SimCluster.Noon) });
        _cluster.Settle();
    }

    private int Completed => _cluster.Tasks("job").Count(t => t.Status.State == TaskState.Complete);

    [Fact]
    public void As_many_complete_as_asked_and_no_more_at_a_time_than_allowed()
    {
        int most = 0;
        _cluster.Check = (_, view) => most = Math.Max(most, view.Tasks.Count(t => t.Status.State <= TaskState.Running));
        _cluster.Agents.Fate = t => t.RunningSince is not null ? TaskState.Complete : null;
        Start(new ServiceMode.ReplicatedJob(2, 7));
        _cluster.Run(TimeSpan.FromSeconds(20));
        Assert.Equal((7, 2, 7), (Completed, most, _cluster.Tasks("job").Length));
    }

    [Fact]
    public void Failed_ones_are_tried_again_until_their_attempts_are_used_up()
    {
        _cluster.Agents.Fate = t => t.Slot == 2 ? TaskState.Failed : TaskState.Complete;
        Start(new ServiceMode.ReplicatedJob(0, 3), new RestartPolicySpec { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) });
        _cluster.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(2, Completed);
        Assert.Equal(3, _cluster.Tasks("job").Count(t => t.Slot == 2));
    }

    [Fact]
    public void New_spec_runs_it_all_again()
    {
        _cluster.Agents.Fate = _ => TaskState.Complete;
        Start(new ServiceMode.ReplicatedJob(0, 3));
        _cluster.Run(TimeSpan.FromSeconds(5));
        Service job = _cluster.Service("job");
        _cluster.Update(job.Updated(Things.Spec("job", image: "b") with { Mode = job.Spec.Mode }) with { JobStatus = new JobStatus(new ObjectVersion(1), _cluster.Now) });
        _cluster.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(3, Completed);
        Assert.All(_cluster.Tasks("job"), t => Assert.Equal("b", t.Spec.Container.Image));
    }

    [Fact]
    public void Global_job_completes_once_on_every_node_new_ones_too()
    {
        _cluster.Agents.Fate = _ => TaskState.Complete;
        Start(new ServiceMode.GlobalJob());
        _cluster.Run(TimeSpan.FromSeconds(5));
        _cluster.Create(Things.Node("n9"));
        _cluster.Run(TimeSpan.FromSeconds(5));
        Assert.Equal((4, 4), (Completed, _cluster.Tasks("job").Length));
    }
}
