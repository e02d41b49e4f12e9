using System.Security.Cryptography;
using System.Text;
using Skep.Engine.Containerd;
using Skep.Engine.Exec;
using Skep.Engine.Files;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    private const int IdDigits = 64;

    /// <summary>Prepares a command in a running container.</summary>
    /// <param name="idEnding">The last digits of its id: who made it can tell from the id where it runs.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.AlreadyExists"/> (HTTP 409): not running; <see cref="ErrorKind.InvalidArgument"/>.</exception>
    public async Task<string> CreateExecAsync(string container, ExecRequest request, string idEnding, CancellationToken ct)
    {
        if (request.Command.IsEmpty)
        {
            throw ClusterException.Invalid("No exec command specified");
        }

        FoundContainer found = FindContainer(container);
        Cd.ProcessState process = await RequireRunningAsync(found, ct);
        if (process.Status == Cd.ProcessStatus.Paused)
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"container {found.Id} is paused, unpause the container before exec");
        }

        byte[] spec = await _shop.Runtime.FindSpecAsync(found.Id, ct) ?? throw NoSuchContainer(container);
        ResolvedUser? user = request.User.Length > 0 ? ResolveUser((int)process.Pid, request.User) : null;
        ValueList<string> all = request.Privileged ? Capabilities.OfThisProcess() : [];
        string random = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_shop.Ids.Next())));
        string id = random[..(IdDigits - idEnding.Length)] + idEnding;
        _execs.Add(id, new ExecSession(id, found.Id, request, ExecProcess.Write(spec, request, user, all), _shop.Runtime, _execs.Directory, _shop.Time));
        return id;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public LocalExec InspectExec(string id) => FindExec(id).View();

    /// <summary>Claims an exec for its one start; everything that can be refused before its streams are open.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.AlreadyExists"/> (HTTP 409): it runs or has run, or its container does not.</exception>
    public async Task<LocalExec> TakeExecAsync(string id, CancellationToken ct)
    {
        ExecSession session = FindExec(id);
        await RequireRunningAsync(FindContainer(session.ContainerId), ct);
        session.Take();
        return session.View();
    }

    /// <summary>Runs a taken exec to its end, whether or not somebody still listens.</summary>
    /// <param name="streams">Null: detached.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the program cannot be started, in the runtime's words.</exception>
    public Task RunExecAsync(string id, AttachedStreams? streams, (int Width, int Height)? size) => FindExec(id).RunAsync(streams, size);

    /// <summary>Starts a taken exec without streams; returns once it runs.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the program cannot be started, in the runtime's words.</exception>
    public async Task StartExecAsync(string id, CancellationToken ct)
    {
        ExecSession session = FindExec(id);
        Task running = session.RunAsync(streams: null, size: null);
        await Task.WhenAny(running, session.WhenStarted).WaitAsync(ct);
        // Not running after its start: refused, or over already. The first is an exception.
        if (!session.View().IsRunning)
        {
            await running.WaitAsync(ct);
        }
    }

    public Task ResizeExecAsync(string id, int width, int height, CancellationToken ct) => FindExec(id).ResizeAsync(width, height, ct);

    /// <summary>Ids of the execs that run in a container.</summary>
    public ValueList<string> ExecsOf(string containerId) => _execs.RunningIn(containerId).ToValueList();

    private ExecSession FindExec(string id) => _execs.Find(id) ?? throw new ClusterException(ErrorKind.NotFound, $"No such exec instance: {id}");

    private async Task<Cd.ProcessState> RequireRunningAsync(FoundContainer container, CancellationToken ct)
        => await _shop.Runtime.StateAsync(container.Id, ct) is { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused } process
            ? process
            : throw new ClusterException(ErrorKind.AlreadyExists, $"container {container.Id} is not running");

    /// <summary>By the container's own accounts as they are now.</summary>
    private static ResolvedUser ResolveUser(int pid, string user)
    {
        using ContainerRoot root = ContainerRoot.OfProcess(pid);
        return Accounts.Parse(root.ReadText("/etc/passwd"), root.ReadText("/etc/group")).Resolve(user, []);
    }
}
