using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Engine.Events;
using Skep.Engine.Images;
using Skep.Engine.Native;
using Skep.Engine.Oci;
using Skep.Rpc.Security;

namespace Skep.Engine.Volumes;

/// <summary>The node's volumes: <c>&lt;name&gt;/_data</c> and a note of what each is, below one directory, as Docker's local driver keeps them.</summary>
internal sealed class VolumeStore(string directory, SubpathMounts subpaths, EventHub events, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    public IReadOnlyList<LocalVolume> List()
        => !Directory.Exists(directory) ? [] : [.. Directory.GetDirectories(directory).Select(d => Find(Path.GetFileName(d))).OfType<LocalVolume>().OrderBy(v => v.Name, StringComparer.Ordinal)];

    public LocalVolume? Find(string name)
    {
        string note = MetadataPath(name);
        if (!IsName(name) || !File.Exists(note))
        {
            return null;
        }

        VolumeNote parsed = JsonSerializer.Deserialize(File.ReadAllBytes(note), VolumeJsonContext.Default.VolumeNote)!;
        return new LocalVolume(name, DataPath(name), parsed.CreatedAt)
        {
            Labels = parsed.Labels.ToValueMap(),
            Options = parsed.Options.ToValueMap(),
            IsAnonymous = parsed.IsAnonymous,
        };
    }

    /// <summary>The volume of that name, made if it is missing.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: name or driver; <see cref="ErrorKind.AlreadyExists"/>: it is there with other options.</exception>
    public LocalVolume Ensure(string name, ValueMap<string, string> labels, Driver? driver, bool isAnonymous)
    {
        if (!IsName(name))
        {
            throw ClusterException.Invalid($"create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path");
        }

        string chosen = VolumeDrivers.Choose(driver);
        ValueMap<string, string> options = driver?.Options ?? ValueMap<string, string>.Empty;
        if (options.Keys.FirstOrDefault(k => k is not ("type" or "device" or "o")) is { } unknown)
        {
            throw ClusterException.Invalid($"invalid option: \"{unknown}\"");
        }

        if (options.Count > 0 && ((string[])["device", "type"]).FirstOrDefault(k => !options.ContainsKey(k)) is { } missing)
        {
            throw ClusterException.Invalid($"missing required option: \"{missing}\"");
        }

        if (Find(name) is { } present)
        {
            return options.Count > 0 && options != present.Options
                ? throw new ClusterException(ErrorKind.AlreadyExists, $"volume {name} exists with other options; remove it first or use another name")
                : present;
        }

        Directory.CreateDirectory(DataPath(name));
        var note = new VolumeNote(time.GetUtcNow(), new(labels), new(options), isAnonymous);
        PrivateFile.Replace(MetadataPath(name), JsonSerializer.SerializeToUtf8Bytes(note, VolumeJsonContext.Default.VolumeNote));
        events.Publish("volume", "create", name, ("driver", chosen));
        return Find(name)!;
    }

    /// <summary>Makes a volume ready for a container: mounts what its options name, and fills an empty one from the image.</summary>
    /// <param name="imageRoot">Opens the image's files; called only when they are needed. Null: do not fill.</param>
    public async Task MountAsync(LocalVolume volume, string target, Func<Task<Images.ImageViews.View>>? imageRoot, CancellationToken ct)
    {
        SemaphoreSlim gate = _gates.GetOrAdd(volume.Name, static _ => new SemaphoreSlim(1));
        await gate.WaitAsync(ct);
        try
        {
            MountOptions(volume);
            if (imageRoot is null || Directory.EnumerateFileSystemEntries(volume.MountPoint).Any())
            {
                return;
            }

            await using Images.ImageViews.View view = await imageRoot();
            string source = PathInRoot.Resolve(view.Root, target);
            if (Directory.Exists(source))
            {
                await CopyAsync(source, volume.MountPoint, ct);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public void Remove(string name)
    {
        LocalVolume? volume = Find(name);
        if (volume is null)
        {
            return;
        }

        subpaths.Release(volume);
        if (volume.Options.Count > 0)
        {
            LibC.Detach(volume.MountPoint);
        }

        // The note goes last: a volume that could not be removed wholly is still listed, and can be removed again.
        if (Directory.Exists(volume.MountPoint))
        {
            Directory.Delete(volume.MountPoint, recursive: true);
        }

        Directory.Delete(Path.Combine(directory, name), recursive: true);
        events.Publish("volume", "destroy", name, ("driver", volume.Driver));
    }

    /// <summary>Bytes of the files in a volume.</summary>
    public static long Measure(LocalVolume volume)
        => new DirectoryInfo(volume.MountPoint).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(f => f.Length);

    private string DataPath(string name) => Path.Combine(directory, name, "_data");

    private string MetadataPath(string name) => Path.Combine(directory, name, "volume.json");

    private static bool IsName(string name)
        => name.Length >= 2 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <summary>type, device and o of mount(8). Docker: type=tmpfs, nfs, none with o=bind …</summary>
    private static void MountOptions(LocalVolume volume)
    {
        if (!volume.Options.TryGetValue("device", out string? device) || IsMountPoint(volume.MountPoint))
        {
            return;
        }

        ulong flags = 0;
        var data = new List<string>();
        foreach (string option in (volume.Options.TryGetValue("o", out string? o) ? o : "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (option)
            {
                case "bind":
                    flags |= LibC.MountBind;
                    break;
                case "rbind":
                    flags |= LibC.MountBind | LibC.MountRecursive;
                    break;
                case "ro":
                    flags |= LibC.MountReadOnly;
                    break;
                case "nosuid":
                    flags |= LibC.MountNoSuid;
                    break;
                case "nodev":
                    flags |= LibC.MountNoDev;
                    break;
                case "noexec":
                    flags |= LibC.MountNoExec;
                    break;
                case "rw" or "defaults":
                    break;
                case var address when address.StartsWith("addr=", StringComparison.Ordinal) && IsNetworked(volume):
                    // The kernel takes addresses only.
                    data.Add($"addr={Resolve(address["addr=".Length..])}");
                    break;
                default:
                    data.Add(option);
                    break;
            }
        }

        try
        {
            LibC.Mount(device, volume.MountPoint, volume.Options.TryGetValue("type", out string? type) ? type : "", flags, string.Join(',', data));
        }
        catch (IOException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"failed to mount local volume: {e.Message}", e);
        }
    }

    private static bool IsNetworked(LocalVolume volume) => volume.Options.TryGetValue("type", out string? type) && (type.StartsWith("nfs", StringComparison.Ordinal) || type == "cifs");

    private static string Resolve(string host)
    {
        try
        {
            return System.Net.IPAddress.TryParse(host, out _) ? host : System.Net.Dns.GetHostAddresses(host)[0].ToString();
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"error resolving passed in network volume address: {host}: {e.Message}", e);
        }
    }

    private static bool IsMountPoint(string path) => File.ReadLines("/proc/self/mounts").Any(l => l.Split(' ')[1] == path);

    /// <summary>With owners, modes, times, links and attributes: what cp does and .NET does not.</summary>
    private static async Task CopyAsync(string source, string target, CancellationToken ct)
    {
        using Process copy = Process.Start(new ProcessStartInfo("cp", ["-a", "--", source + "/.", target]) { RedirectStandardError = true, UseShellExecute = false })!;
        string error = await copy.StandardError.ReadToEndAsync(ct);
        await copy.WaitForExitAsync(ct);
        if (copy.ExitCode != 0)
        {
            throw new ClusterException(ErrorKind.Internal, $"filling the volume from the image failed: {error.Trim()}");
        }
    }
}

internal sealed record VolumeNote(DateTimeOffset CreatedAt, Dictionary<string, string> Labels, Dictionary<string, string> Options, bool IsAnonymous);

[JsonSerializable(typeof(VolumeNote))]
internal sealed partial class VolumeJsonContext : JsonSerializerContext;
