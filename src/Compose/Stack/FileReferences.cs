using Skep.Model;

namespace Skep.Compose;

/// <summary>The secrets and configs of a service, by their names in the cluster.</summary>
internal static class FileReferences
{
    private const uint ReadableByAll = 0x124; // 0444

    public static ValueList<SecretReference> Secrets(ComposeService service, StackScope scope)
    {
        List<SecretReference> references = [];
        foreach (ComposeFileReference reference in service.Secrets)
        {
            string name = NameOf(reference.Source, "secret", scope.Project.Secrets, scope);
            references.Add(new SecretReference(default, name, Target(reference)));
        }

        RefuseDoubles(references, static secret => secret.File!.Name, static secret => secret.Name, "secret");
        return references.OrderBy(static secret => secret.Name, StringComparer.Ordinal).ToValueList();
    }

    /// <summary>The configs, and the one that the credential spec is in, once.</summary>
    public static ValueList<ConfigReference> Configs(ComposeService service, StackScope scope)
    {
        List<ConfigReference> references = [];
        foreach (ComposeFileReference reference in service.Configs)
        {
            string name = NameOf(reference.Source, "config", scope.Project.Configs, scope);
            references.Add(new ConfigReference(default, name, Target(reference)));
        }

        RefuseDoubles(references, static config => config.File!.Name, static config => config.Name, "config");
        if (service.CredentialSpec.Config.Length > 0)
        {
            references.Add(new ConfigReference(
                default, NameOf(service.CredentialSpec.Config, "config", scope.Project.Configs, scope), null, IsRuntime: true));
        }

        return references.OrderBy(static config => config.Name, StringComparer.Ordinal).ToValueList();
    }

    /// <summary>Holds the config's name in the cluster until its id is known.</summary>
    public static CredentialSpec? CredentialSpec(ComposeCredentialSpec spec, StackScope scope)
    {
        string[] given =
        [
            .. spec.Config.Length > 0 ? ["\"Config\""] : Array.Empty<string>(),
            .. spec.File.Length > 0 ? ["\"File\""] : Array.Empty<string>(),
            .. spec.Registry.Length > 0 ? ["\"Registry\""] : Array.Empty<string>(),
        ];
        return given.Length switch
        {
            0 => null,
            1 => new CredentialSpec(
                spec.Config.Length == 0 ? "" : NameOf(spec.Config, "config", scope.Project.Configs, scope), spec.File, spec.Registry),
            2 => throw new StackException($"invalid credential spec: cannot specify both {given[0]} and {given[1]}"),
            _ => throw new StackException($"invalid credential spec: cannot specify both {given[0]}, {given[1]}, and {given[2]}"),
        };
    }

    private static string NameOf(string key, string kind, IReadOnlyDictionary<string, ComposeFileObject> defined, StackScope scope) =>
        defined.TryGetValue(key, out ComposeFileObject? file)
            ? scope.Name(key, file.Name)
            : throw new StackException($"undefined {kind} \"{key}\"");

    private static FileTarget Target(ComposeFileReference reference) => new(
        reference.Target.Length > 0 ? reference.Target : reference.Source,
        reference.Uid.Length > 0 ? reference.Uid : "0",
        reference.Gid.Length > 0 ? reference.Gid : "0",
        reference.Mode ?? ReadableByAll);

    private static void RefuseDoubles<T>(List<T> references, Func<T, string> target, Func<T, string> name, string kind)
    {
        HashSet<string> targets = new(StringComparer.Ordinal);
        foreach (T reference in references)
        {
            if (!targets.Add(target(reference)))
            {
                throw new StackException($"duplicate {kind} target for {name(reference)} not allowed");
            }
        }
    }
}
