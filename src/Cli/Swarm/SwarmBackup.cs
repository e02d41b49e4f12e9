using System.Text;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm backup</c> and <c>restore</c>: the whole cluster in one sealed file.</summary>
internal static class SwarmBackup
{
    private const string SecretHeader = "X-Skep-Backup-Secret";

    private static readonly Flag<string> PassphraseFile = Flag.Text("passphrase-file", "Read the passphrase from the first line of this file instead of asking for it", valueName: "file");
    private static readonly Flag<string> KeyFile = Flag.Text("key-file", "Seal with the bytes of this file (at least 32 random ones) instead of a passphrase", valueName: "file");
    private static readonly Flag<string> Advertise = Flag.Text("advertise-addr", "Advertised address (format: \"<ip|interface>[:port]\")");
    private static readonly Flag<string> Listen = Flag.Text("listen-addr", "Listen address (format: \"<ip|interface>[:port]\")", byDefault: "0.0.0.0:2377", valueName: "node-addr");
    private static readonly Flag<string> DataPath = Flag.Text("data-path-addr", "Address or interface to use for data path traffic (format: \"<ip|interface>\")");

    public static readonly Verb Backup = new("[OPTIONS] FILE", "Write the whole cluster to a sealed file", Arity.One, [KeyFile, PassphraseFile], BackupAsync);

    public static readonly Verb Restore = new("[OPTIONS] FILE", "Make the cluster of a backup on this node", Arity.One, [Advertise, Listen, DataPath, KeyFile, PassphraseFile], RestoreAsync);

    private static async Task<int> BackupAsync(Invocation call, CancellationToken cancellation)
    {
        string file = Path.GetFullPath(call.Arguments[0]), unfinished = $"{file}.{Environment.ProcessId}.tmp";
        string secret = await SecretAsync(call, isNew: true, cancellation);
        try
        {
            long size;
            var mine = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            await using (FileStream output = new(unfinished, mine))
            {
                using EngineReply reply = await call.Engine.SendWithAsync([(SecretHeader, secret)], "POST", "/swarm/backup", null, cancellation);
                await reply.Body.CopyToAsync(output, cancellation);
                output.Flush(flushToDisk: true);
                size = output.Length;
            }

            File.Move(unfinished, file, overwrite: true);
            call.Out.WriteLine($"Wrote {file} ({HumanFormat.Size(size)}): services, networks, secrets, configs, nodes and the cluster's root key.");
            call.Out.WriteLine("What volumes hold is not in it. Without the passphrase or key nobody can read it; keep both, in different places.");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {file}: {e.Message}");
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private static async Task<int> RestoreAsync(Invocation call, CancellationToken cancellation)
    {
        FileStream backup;
        try
        {
            backup = File.OpenRead(call.Arguments[0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {call.Arguments[0]}: {e.Message}");
        }

        await using (backup)
        {
            string secret = await SecretAsync(call, isNew: false, cancellation);
            string path = new Query("/swarm/restore").With("advertiseAddr", call.Get(Advertise)).With("listenAddr", call.Get(Listen)).With("dataPathAddr", call.Get(DataPath)).ToString();
            using EngineReply reply = await call.Engine.SendWithAsync([(SecretHeader, secret)], "POST", path, EngineBody.File(backup), cancellation);
            string node = JsonSerializer.Deserialize(await reply.ReadAsync(cancellation), WireJson.Default.String) ?? "";
            call.Out.WriteLine($"Cluster restored: current node ({node}) is its only manager now; services are being placed.");
            call.Out.WriteLine("Other nodes come back as workers once they reach this address, or with `skep swarm leave --force` and `skep swarm join`.");
            call.Out.WriteLine();
            await SwarmTokens.PrintJoinCommandAsync(call, node, worker: true, manager: true, cancellation);
            return 0;
        }
    }

    /// <param name="isNew">A passphrase that was mistyped would make the file worthless: it is asked for twice.</param>
    private static async Task<string> SecretAsync(Invocation call, bool isNew, CancellationToken cancellation)
    {
        if (call.Given(KeyFile) && call.Given(PassphraseFile))
        {
            throw new CliException("give either --key-file or --passphrase-file");
        }

        WireBackupSecret secret = call.Given(KeyFile)
            ? new WireBackupSecret { Key = Read(call.Get(KeyFile)) }
            : new WireBackupSecret { Passphrase = call.Given(PassphraseFile) ? Encoding.UTF8.GetString(Read(call.Get(PassphraseFile))).Split('\n')[0].TrimEnd('\r') : await AskAsync(call, isNew, cancellation) };
        return secret is { Key: null or { Length: 0 }, Passphrase: null or "" }
            ? throw new CliException("the passphrase is empty")
            : Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(secret, WireJson.Default.WireBackupSecret));
    }

    private static async Task<string> AskAsync(Invocation call, bool isNew, CancellationToken cancellation)
    {
        string passphrase = await HiddenInput.ReadLineAsync(call, "Passphrase of the backup: ", cancellation);
        if (isNew && call.Terminal.CanAsk && await HiddenInput.ReadLineAsync(call, "The same again: ", cancellation) != passphrase)
        {
            throw new CliException("the two passphrases differ");
        }

        return passphrase;
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {file}: {e.Message}");
        }
    }
}
