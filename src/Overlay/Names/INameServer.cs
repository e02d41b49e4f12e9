using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Answers the tasks' questions: here, or in a program that outlives this one. Its methods are called by the writer thread, and do not wait.</summary>
internal interface INameServer : IDisposable
{
    /// <summary>The DNS sockets of a namespace that an earlier run gave away, still answered. Null: new ones are needed.</summary>
    (FileDescriptor Udp, FileDescriptor Tcp)? Adopt(TaskId task, FileDescriptor space);

    /// <summary>Everything that was there is adopted: whoever else is still answered is not wanted.</summary>
    void Begin();

    /// <summary>Answers a task. Its files remain the caller's, and open until <see cref="Drop"/>.</summary>
    void Add(TaskId task, SandboxNamespace sandbox);

    void Drop(TaskId task);

    /// <summary>From now on answers come from this picture. A task that no picture had yet is not answered: its questions wait.</summary>
    void Update(NamesState picture);
}
