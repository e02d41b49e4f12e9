using System.Buffers.Binary;
using System.Text;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>What a message between skepd and the names program says.</summary>
/// <remarks>Hello, Held, Listed, Tell and Retire never change: by them skepd of any version replaces a program of any other.</remarks>
internal enum NamesMessageKind : byte
{
    /// <summary>Program: its build.</summary>
    Hello = 1,

    /// <summary>Program: a task it answers, with the task's files; one of these for each, then <see cref="Listed"/>.</summary>
    Held = 2,
    Listed = 3,

    /// <summary>skepd: answer this task. Files: UDP socket, TCP socket, namespace.</summary>
    Hold = 4,

    /// <summary>skepd: make what was said since the last one true, all at once. Program: done.</summary>
    Sync = 5,

    /// <summary>skepd: another program holds everything; finish what you began and end.</summary>
    Retire = 6,

    /// <summary>skepd: no task is left, end.</summary>
    End = 7,

    /// <summary>skepd: close this task's files.</summary>
    Drop = 8,

    /// <summary>skepd: how to ask others. File: the host's namespace.</summary>
    Settings = 9,

    /// <summary>skepd: what follows is the whole picture, not a change of the last.</summary>
    Fresh = 10,

    Zone = 11,
    ZoneGone = 12,
    Task = 13,
    TaskGone = 14,

    /// <summary>skepd: say your picture. Program: its parts, then <see cref="Listed"/>.</summary>
    Tell = 15,
}

/// <summary>One message. On the wire: length of the body (4 bytes), verb, number of files, format, 0; then the body. Numbers are little-endian.</summary>
internal sealed record NamesMessage(NamesMessageKind Verb, byte[] Body)
{
    public const int HeaderLength = 8;
    public const byte Format = 1;
    private const int LongestBody = 256 << 20;

    public FileDescriptor[] Files { get; init; } = [];

    public static NamesMessage Of(NamesMessageKind verb, Action<BinaryWriter>? write = null)
    {
        using var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            write?.Invoke(writer);
        }

        return new NamesMessage(verb, body.ToArray());
    }

    public static NamesMessage Of(NamesMessageKind verb, TaskId task) => Of(verb, w => w.Write(task.Value));

    public BinaryReader Read() => new(new MemoryStream(Body, writable: false), Encoding.UTF8);

    public TaskId ReadTask()
    {
        using BinaryReader reader = Read();
        return new TaskId(reader.ReadString());
    }

    /// <summary>Header and body.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[HeaderLength + Body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Body.Length);
        (bytes[4], bytes[5], bytes[6]) = ((byte)Verb, (byte)Files.Length, Format);
        Body.CopyTo(bytes, HeaderLength);
        return bytes;
    }

    /// <exception cref="InvalidDataException">Not a header of this format.</exception>
    public static (NamesMessageKind Verb, int Length, int Files) ReadHeader(ReadOnlySpan<byte> header)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return length is >= 0 and <= LongestBody && header[6] == Format
            ? ((NamesMessageKind)header[4], length, header[5])
            : throw new InvalidDataException("the names program and skepd do not understand each other");
    }
}
