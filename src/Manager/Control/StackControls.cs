namespace Skep.Manager.Control;

/// <summary>The operations on what a stack is made of. The same ones for the cluster and for trying them out: only the store behind them differs.</summary>
public abstract class StackControls
{
    private protected StackControls(ControlCommits commits, TimeProvider time, IdSource ids)
    {
        Services = new ServiceControl(commits, time, ids);
        Networks = new NetworkControl(commits, ids);
        Secrets = new SecretControl(commits, ids);
        Configs = new ConfigControl(commits, ids);
    }

    public ServiceControl Services { get; }

    public NetworkControl Networks { get; }

    public SecretControl Secrets { get; }

    public ConfigControl Configs { get; }
}
