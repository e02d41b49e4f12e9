using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Answers in this process, for as long as it lives.</summary>
internal sealed class InProcessNameServer(NameServer keeper) : INameServer
{
    public (FileDescriptor Udp, FileDescriptor Tcp)? Adopt(TaskId task, FileDescriptor space) => null;

    public void Begin()
    {
    }

    public void Add(TaskId task, SandboxNamespace sandbox)
    {
        keeper.Add(task, LibC.Duplicate(sandbox.DnsUdp), LibC.Duplicate(sandbox.DnsTcp), LibC.Duplicate(sandbox.Handle.File));
        keeper.Update(keeper.Picture);
    }

    public void Drop(TaskId task) => keeper.Drop(task);

    public void Update(NamesState picture) => keeper.Update(picture);

    public void Dispose() => keeper.Dispose();
}
