namespace Skep.Compose;

/// <summary>Writes a loaded project as YAML.</summary>
public static class ComposeWriter
{
    /// <summary>What <c>stack config</c> prints, final line break included.</summary>
    public static string ToYaml(ComposeProject project)
    {
        ArgumentNullException.ThrowIfNull(project);
        return YamlEmitter.Write(new Block()
            .Add("version", new ComposeValue.Text(project.Version))
            .Add("services", Block.Map(project.Services, ServiceWriter.Write))
            .AddMap("networks", project.Networks, ResourceWriter.Network)
            .AddMap("volumes", project.Volumes, ResourceWriter.Volume)
            .AddMap("secrets", project.Secrets, ResourceWriter.FileObject)
            .AddMap("configs", project.Configs, ResourceWriter.FileObject)
            .AddAll(project.Extensions)
            .Value);
    }
}
