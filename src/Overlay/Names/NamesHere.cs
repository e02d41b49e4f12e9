using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Answers in this process, for as long as it lives.</summary>
internal sealed class NamesHere(NamesKeeper keeper) : INameKeeper
{
    public (FileDescriptor Udp, FileDescriptor Tcp)? Left(TaskId task, FileDescriptor space) => null;

    public void Begin()
    {
    }

    public void Hold(TaskId task, SandboxNamespace sandbox)
    {
        keeper.Hold(task, LibC.Duplicate(sandbox.DnsUdp), LibC.Duplicate(sandbox.DnsTcp), LibC.Duplicate(sandbox.Handle.File));
        keeper.Show(keeper.Picture);
    }

    public void Drop(TaskId task) => keeper.Drop(task);

    public void Show(NamesPicture picture) => keeper.Show(picture);

    public void Dispose() => keeper.Dispose();
}
