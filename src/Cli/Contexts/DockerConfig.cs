using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Cli.Output;

namespace Skep.Cli.Contexts;

/// <summary>The client's settings, in the file and the form of Docker's CLI, so that both share contexts and credentials. What is not understood is kept.</summary>
internal sealed class DockerConfig(string folder)
{
    private string PathOfFile => Path.Combine(folder, "config.json");

    public string Folder => folder;

    public static DockerConfig Of(Terminal terminal)
        => new(Path.GetFullPath(terminal.Variable("DOCKER_CONFIG") ?? Path.Combine(terminal.Variable("HOME") ?? "/root", ".docker"), terminal.CurrentDirectory));

    /// <summary>An empty object where there is no file.</summary>
    /// <exception cref="CliException">It is no JSON.</exception>
    public JsonObject Read()
    {
        if (!File.Exists(PathOfFile))
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(File.ReadAllText(PathOfFile), documentOptions: new JsonDocumentOptions { AllowTrailingCommas = true }) as JsonObject ?? [];
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"Error loading config file: {PathOfFile}: {failure.Message}");
        }
    }

    /// <summary>Changes the file, whole or not at all; only its owner may read it.</summary>
    public void Change(Action<JsonObject> change)
    {
        JsonObject config = Read();
        change(config);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string fresh = PathOfFile + ".new";
        using (FileStream file = new(fresh, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        using (Utf8JsonWriter writer = new(file, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
        {
            config.WriteTo(writer);
        }

        File.Move(fresh, PathOfFile, overwrite: true);
    }
}
