using System.Globalization;
using System.Text;
using Skep.Engine.Containers;

namespace Skep.Worker.Tasks;

/// <summary>Finds the secrets and configs a task names, as the files it is to see.</summary>
internal static class TaskSecrets
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: not on this node (yet); <see cref="ErrorKind.InvalidArgument"/>: owner or template.</exception>
    public static IReadOnlyList<ContainerFile> Resolve(ContainerSpec spec, TemplateContext context, Func<SecretId, Secret?> secrets, Func<ConfigId, Config?> configs)
    {
        TemplateContext inFiles = context with
        {
            Env = spec.Env.Where(e => e.Contains('=', StringComparison.Ordinal)).Select(e => e.Split('=', 2)).ToValueMap(e => e[0], e => e[1]),
            Secret = name => spec.Secrets.FirstOrDefault(s => s.File?.Name == name) is { } s ? Encoding.UTF8.GetString(SecretOf(s).Spec.Data.Reveal()) : null,
            Config = name => spec.Configs.FirstOrDefault(c => c.File?.Name == name) is { } c ? Encoding.UTF8.GetString([.. ConfigOf(c).Spec.Data]) : null,
        };
        var files = new List<ContainerFile>();
        foreach (SecretReference reference in spec.Secrets)
        {
            Secret secret = SecretOf(reference);
            FileTarget target = reference.File ?? new FileTarget(reference.Name, "0", "0", 0x124);
            files.Add(File(target, "/run/secrets/", secret.Spec.Data.Reveal().ToArray(), secret.Spec.Templating));
        }

        foreach (ConfigReference reference in spec.Configs)
        {
            if (reference.IsRuntime)
            {
                throw ClusterException.Invalid($"config {reference.Name} is for a credential spec, which is for Windows");
            }

            Config config = ConfigOf(reference);
            FileTarget target = reference.File ?? new FileTarget("/" + reference.Name, "0", "0", 0x124);
            files.Add(File(target, "/", [.. config.Spec.Data], config.Spec.Templating));
        }

        return files;

        Secret SecretOf(SecretReference reference)
            => secrets(reference.Id) ?? throw new ClusterException(ErrorKind.Unavailable, $"secret {reference.Name} ({reference.Id}) is not known on this node");

        Config ConfigOf(ConfigReference reference)
            => configs(reference.Id) ?? throw new ClusterException(ErrorKind.Unavailable, $"config {reference.Name} ({reference.Id}) is not known on this node");

        ContainerFile File(FileTarget target, string below, byte[] data, Driver? templating)
        {
            if (templating is not null)
            {
                if (templating.Name != "golang")
                {
                    throw ClusterException.Invalid($"unrecognized template driver {templating.Name}");
                }

                data = Encoding.UTF8.GetBytes(TemplateText.Expand(Encoding.UTF8.GetString(data), inFiles));
            }

            string path = target.Name.StartsWith('/') ? target.Name : below + target.Name;
            return new ContainerFile(path, Number(target.Uid, "UID"), Number(target.Gid, "GID"), target.Mode, data);
        }
    }

    private static uint Number(string text, string what)
        => text.Length == 0 ? 0 : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) ? value : throw ClusterException.Invalid($"invalid {what} \"{text}\" of a secret or config: a number is needed");
}
