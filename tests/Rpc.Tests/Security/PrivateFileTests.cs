using System.Text;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Security;

public sealed class PrivateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skep-files-").FullName;

    private string InFolder => Path.Combine(_folder, "notes", "a");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Overwriting_keeps_the_file_and_never_shortens_it()
    {
        PrivateFile.Overwrite(InFolder, Bytes(new string('x', 600)));
        using var open = new FileStream(InFolder, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        PrivateFile.Overwrite(InFolder, "short"u8);

        Assert.Equal("short" + new string('\n', 1024 - 5), new StreamReader(open).ReadToEnd());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(InFolder));
    }

    [Fact]
    public void What_is_longer_than_a_page_is_a_new_file()
    {
        PrivateFile.Overwrite(InFolder, "before"u8);
        using var open = new FileStream(InFolder, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        string text = new('x', 5000);
        PrivateFile.Overwrite(InFolder, Bytes(text));

        Assert.Equal(text, File.ReadAllText(InFolder));
        Assert.Equal("before", new StreamReader(open).ReadToEnd().TrimEnd('\n'));
    }

    [Fact]
    public void Appending_makes_the_file_and_keeps_what_is_there()
    {
        PrivateFile.Append(InFolder, "one\n"u8);
        PrivateFile.Append(InFolder, "two\n"u8);

        Assert.Equal(["one", "two"], File.ReadAllLines(InFolder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(InFolder));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
