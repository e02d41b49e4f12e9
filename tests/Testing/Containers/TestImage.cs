using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Skep.Testing.Containers;

/// <summary>A small image made from the machine's static busybox, as docker save would write it.</summary>
public static class TestImage
{
    public const string BusyboxPath = "/bin/busybox";

    public static bool IsPossible => File.Exists(BusyboxPath) || File.Exists("/usr/bin/busybox");

    /// <param name="config">Members of the config's "config" object.</param>
    /// <param name="extraFiles">Path (without leading slash) and contents.</param>
    public static byte[] SavedTar(string name, JsonObject? config = null, params (string Path, string Text)[] extraFiles)
    {
        byte[] first = Busybox();
        byte[] second = Layer([("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n", 0x1a4), ("etc/group", "root:x:0:\napp:x:1001:\naudio:x:29:app\n", 0x1a4),
            .. extraFiles.Select(f => (f.Path, f.Text, 0x1a4))]);
        var image = new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["created"] = "2026-01-02T03:04:05Z",
            ["config"] = config ?? new JsonObject { ["Env"] = new JsonArray("PATH=/bin:/usr/bin", "FROM_IMAGE=yes"), ["Cmd"] = new JsonArray("/bin/sh") },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Sha(first), Sha(second)) },
        };
        byte[] configBytes = Encoding.UTF8.GetBytes(image.ToJsonString());
        string configName = Sha(configBytes)["sha256:".Length..] + ".json";
        var manifest = new JsonArray(new JsonObject
        {
            ["Config"] = configName,
            ["RepoTags"] = new JsonArray(name),
            ["Layers"] = new JsonArray("one/layer.tar", "two/layer.tar"),
        });
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            Add(tar, configName, configBytes);
            Add(tar, "one/layer.tar", first);
            Add(tar, "two/layer.tar", second);
            Add(tar, "manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()));
        }

        return stream.ToArray();
    }

    public static string Sha(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>A layer with a shell and its usual commands.</summary>
    public static byte[] Busybox()
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (string directory in new[] { "bin", "etc", "proc", "sys", "dev", "tmp", "root", "data", "usr", "usr/bin" })
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, directory) { Mode = (UnixFileMode)0x1ed, ModificationTime = DateTimeOffset.UnixEpoch });
            }

            Add(tar, "bin/busybox", File.ReadAllBytes(File.Exists(BusyboxPath) ? BusyboxPath : "/usr/bin/busybox"), 0x1ed);
            foreach (string applet in new[] { "sh", "cat", "echo", "sleep", "id", "ls", "true", "false", "touch", "hostname", "test", "mkdir", "stat", "head", "dd", "env", "kill", "grep", "mount", "nproc", "yes", "tail", "seq", "date", "rm", "ulimit", "ps", "readlink" })
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, $"bin/{applet}") { LinkName = "/bin/busybox", ModificationTime = DateTimeOffset.UnixEpoch });
            }

            Add(tar, "data/seed", "seeded\n"u8.ToArray());
        }

        return stream.ToArray();
    }

    public static byte[] Layer(IEnumerable<(string Path, string Text, int Mode)> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string path, string text, int mode) in files)
            {
                Add(tar, path, Encoding.UTF8.GetBytes(text), mode);
            }
        }

        return stream.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] bytes, int mode = 0x1a4)
        => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes), Mode = (UnixFileMode)mode, ModificationTime = DateTimeOffset.UnixEpoch });
}
