using System.Globalization;
using System.Text;
using Skep.Engine.Native;
using Skep.Engine.Oci;

namespace Skep.Engine.Containers;

/// <summary>A secret or config of a task, with its bytes.</summary>
internal sealed record ContainerFile(string Target, uint Uid, uint Gid, uint Mode, ReadOnlyMemory<byte> Data);

/// <summary>The files a running task is given: hosts, names, secrets, configs. They live in memory and go with the task.</summary>
internal sealed class ContainerFiles
{
    private const string HostsHead = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

    private readonly string _directory;

    private ContainerFiles(string directory) => _directory = directory;

    /// <summary>Makes sure that the directory lies in memory.</summary>
    public static ContainerFiles Open(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!LibC.IsTmpfs(directory))
        {
            LibC.Mount("skep", directory, "tmpfs", LibC.MountNoSuid | LibC.MountNoDev | LibC.MountNoExec, "mode=0700");
        }

        return new ContainerFiles(directory);
    }

    public string DirectoryOf(TaskId task) => Path.Combine(_directory, task.Value);

    /// <summary>File that health probes write to.</summary>
    public string ProbePath(TaskId task) => Path.Combine(DirectoryOf(task), "probe");

    /// <summary>Writes the files and says where they are mounted. Whatever was there of an earlier attempt is replaced in place.</summary>
    public ValueList<OciMount> Write(TaskId task, string hostname, string resolvConf, string hosts, IEnumerable<ContainerFile> files)
    {
        string directory = DirectoryOf(task);
        Directory.CreateDirectory(directory);
        var mounts = new List<OciMount>();
        Put("hosts", "/etc/hosts", hosts);
        Put("resolv.conf", "/etc/resolv.conf", resolvConf);
        Put("hostname", "/etc/hostname", hostname + "\n");
        File.WriteAllText(ProbePath(task), "");
        int number = 0;
        foreach (ContainerFile file in files)
        {
            string path = Path.Combine(directory, $"file{(number++).ToString(CultureInfo.InvariantCulture)}");
            using (FileStream stream = new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                stream.Write(file.Data.Span);
            }

            LibC.ChangeOwner(path, file.Uid, file.Gid);
            File.SetUnixFileMode(path, (UnixFileMode)(file.Mode & 0xfff));
            mounts.Add(new OciMount(file.Target, "bind", path, ["rbind", "ro", "rprivate"]));
        }

        return mounts.ToValueList();

        void Put(string name, string target, string text)
        {
            string path = Path.Combine(directory, name);
            File.WriteAllText(path, text);
            File.SetUnixFileMode(path, (UnixFileMode)0x1a4);
            mounts.Add(new OciMount(target, "bind", path, ["rbind", "rprivate"]));
        }
    }

    public void Remove(TaskId task)
    {
        string directory = DirectoryOf(task);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <param name="addresses">The container's own.</param>
    /// <param name="extra">As the spec has them: <c>address name [name…]</c>.</param>
    public static string Hosts(string hostname, IEnumerable<Ipv4Address> addresses, ValueList<string> extra)
    {
        var text = new StringBuilder(HostsHead);
        foreach (string line in extra)
        {
            text.Append(string.Join('\t', line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries))).Append('\n');
        }

        foreach (Ipv4Address address in addresses)
        {
            text.Append(CultureInfo.InvariantCulture, $"{address}\t{hostname}\n");
        }

        return text.ToString();
    }

    /// <summary>The host's resolv.conf with the task's own wishes over it.</summary>
    public static string ResolvConf(string hostText, DnsConfig? dns)
    {
        if (dns is null || (dns.Nameservers.IsEmpty && dns.Search.IsEmpty && dns.Options.IsEmpty))
        {
            return hostText;
        }

        string[][] lines = [.. hostText.Split('\n').Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Where(l => l.Length > 1)];
        IEnumerable<string> servers = dns.Nameservers.IsEmpty ? lines.Where(l => l[0] == "nameserver").Select(l => l[1]) : dns.Nameservers;
        IEnumerable<string> search = dns.Search.IsEmpty ? lines.LastOrDefault(l => l[0] == "search")?.Skip(1) ?? [] : dns.Search.Where(s => s != ".");
        IEnumerable<string> options = dns.Options.IsEmpty ? lines.LastOrDefault(l => l[0] == "options")?.Skip(1) ?? [] : dns.Options;
        var text = new StringBuilder();
        foreach (string server in servers)
        {
            text.Append(CultureInfo.InvariantCulture, $"nameserver {server}\n");
        }

        if (search.Any())
        {
            text.Append(CultureInfo.InvariantCulture, $"search {string.Join(' ', search)}\n");
        }

        if (options.Any())
        {
            text.Append(CultureInfo.InvariantCulture, $"options {string.Join(' ', options)}\n");
        }

        return text.ToString();
    }
}
