using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skep.Cli.Contexts;

/// <summary>A named daemon.</summary>
/// <param name="Tls">Names and bytes of <c>ca.pem</c>, <c>cert.pem</c>, <c>key.pem</c>, as far as there are any.</param>
internal sealed record StoredContext(string Name, string Description, string Host, bool SkipVerify, IReadOnlyDictionary<string, byte[]> Tls)
{
    public static readonly IReadOnlyDictionary<string, byte[]> NoTls = new Dictionary<string, byte[]>();
}

/// <summary>Docker's context store, file by file: <c>contexts/meta/SHA256(name)/meta.json</c> and <c>contexts/tls/SHA256(name)/docker/*.pem</c>.</summary>
/// <remarks>Source: docker/cli:cli/context/store/doc.go.</remarks>
internal sealed class ContextStore(DockerConfig config)
{
    public const string Default = "default";
    private const string Endpoint = "docker";

    private string Root => Path.Combine(config.Folder, "contexts");

    public static void CheckName(string name)
    {
        if (name == Default)
        {
            throw new CliException("\"default\" is a reserved context name");
        }

        if (name.Length < 2 || !char.IsAsciiLetterOrDigit(name[0]) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '+' or '-'))
        {
            throw new CliException($"context name \"{name}\" is invalid, names are validated against regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"");
        }
    }

    public string MetaFolder(string name) => Path.Combine(Root, "meta", Id(name));

    public string TlsFolder(string name) => Path.Combine(Root, "tls", Id(name));

    /// <summary>The one that <c>context use</c> chose; null for none.</summary>
    public string? ReadCurrent() => config.Read()["currentContext"]?.GetValue<string>() is { Length: > 0 } name ? name : null;

    public void WriteCurrent(string name) => config.Change(settings =>
    {
        settings.Remove("currentContext");
        if (name != Default)
        {
            settings["currentContext"] = name;
        }
    });

    public bool Exists(string name) => File.Exists(Path.Combine(MetaFolder(name), "meta.json"));

    /// <exception cref="CliException">There is none of this name.</exception>
    public StoredContext Find(string name)
    {
        string path = Path.Combine(MetaFolder(name), "meta.json");
        if (!File.Exists(path))
        {
            throw new CliException($"context \"{name}\": context not found: open {path}: no such file or directory");
        }

        string tls = Path.Combine(TlsFolder(name), Endpoint);
        return Read(File.ReadAllText(path), Directory.Exists(tls) ? Directory.GetFiles(tls).ToDictionary(static file => Path.GetFileName(file), File.ReadAllBytes) : StoredContext.NoTls);
    }

    /// <summary>By name, without the default one.</summary>
    public IEnumerable<StoredContext> All()
    {
        string folder = Path.Combine(Root, "meta");
        return (Directory.Exists(folder) ? Directory.GetFiles(folder, "meta.json", SearchOption.AllDirectories) : [])
            .Select(static file => Read(File.ReadAllText(file), StoredContext.NoTls)).OrderBy(static context => context.Name, StringComparer.Ordinal);
    }

    public void Write(StoredContext context)
    {
        Directory.CreateDirectory(MetaFolder(context.Name));
        File.WriteAllText(Path.Combine(MetaFolder(context.Name), "meta.json"), Meta(context).ToJsonString());
        string tls = Path.Combine(TlsFolder(context.Name), Endpoint);
        if (Directory.Exists(tls))
        {
            Directory.Delete(tls, recursive: true);
        }

        foreach ((string file, byte[] bytes) in context.Tls)
        {
            Directory.CreateDirectory(tls, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using FileStream stream = new(Path.Combine(tls, Path.GetFileName(file)), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            stream.Write(bytes);
        }
    }

    public void Remove(string name)
    {
        foreach (string folder in (string[])[MetaFolder(name), TlsFolder(name)])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>As Docker's <c>context export</c>: a tar of the same files.</summary>
    public static async Task ExportAsync(StoredContext context, Stream target, CancellationToken cancellation)
    {
        await using TarWriter tar = new(target, TarEntryFormat.Ustar, leaveOpen: true);
        await Put("meta.json", Encoding.UTF8.GetBytes(Meta(context).ToJsonString()), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        foreach ((string file, byte[] bytes) in context.Tls)
        {
            await Put($"tls/{Endpoint}/{file}", bytes, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        async Task Put(string name, byte[] bytes, UnixFileMode mode)
            => await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes), Mode = mode }, cancellation);
    }

    /// <exception cref="CliException">It is no context.</exception>
    public static async Task<StoredContext> ImportAsync(string name, Stream source, CancellationToken cancellation)
    {
        string? meta = null;
        Dictionary<string, byte[]> tls = [];
        try
        {
            await using TarReader tar = new(source);
            while (await tar.GetNextEntryAsync(copyData: true, cancellation) is { } entry)
            {
                if (entry.DataStream is null)
                {
                    continue;
                }

                using MemoryStream bytes = new();
                await entry.DataStream.CopyToAsync(bytes, cancellation);
                if (entry.Name == "meta.json")
                {
                    meta = Encoding.UTF8.GetString(bytes.ToArray());
                }
                else if (entry.Name.StartsWith($"tls/{Endpoint}/", StringComparison.Ordinal))
                {
                    tls[Path.GetFileName(entry.Name)] = bytes.ToArray();
                }
            }
        }
        catch (Exception failure) when (failure is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new CliException($"unexpected context file: {failure.Message}");
        }

        return Read(meta ?? throw new CliException("invalid context: no metadata found"), tls) with { Name = name };
    }

    public static JsonObject Endpoints(StoredContext context) => new() { [Endpoint] = new JsonObject { ["Host"] = context.Host, ["SkipTLSVerify"] = context.SkipVerify } };

    public static JsonObject Metadata(StoredContext context) => context.Description.Length > 0 ? new JsonObject { ["Description"] = context.Description } : [];

    private static JsonObject Meta(StoredContext context) => new() { ["Name"] = context.Name, ["Metadata"] = Metadata(context), ["Endpoints"] = Endpoints(context) };

    private static StoredContext Read(string meta, IReadOnlyDictionary<string, byte[]> tls)
    {
        try
        {
            JsonNode read = JsonNode.Parse(meta) ?? new JsonObject();
            JsonNode? endpoint = read["Endpoints"]?[Endpoint];
            return new StoredContext(
                read["Name"]?.GetValue<string>() ?? "", read["Metadata"]?["Description"]?.GetValue<string>() ?? "", endpoint?["Host"]?.GetValue<string>() ?? "",
                endpoint?["SkipTLSVerify"]?.GetValue<bool>() ?? false, tls);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            throw new CliException($"context metadata is not understood: {failure.Message}");
        }
    }

    private static string Id(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
