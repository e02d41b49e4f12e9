using Skep.Model;

namespace Skep.Compose;

/// <summary>Turns a loaded project into what the cluster is asked for, as <c>docker stack deploy</c> does.</summary>
/// <remarks>Source: docker/cli:cli/compose/convert, version 28.2.2.</remarks>
public static class StackConverter
{
    private const string DefaultNetwork = "default";
    private const string DefaultDriver = "overlay";

    /// <summary>Refuses services without a usable image; Docker does so before it first talks to the engine.</summary>
    /// <exception cref="ComposeException">A service has no image, or none that can be referred to.</exception>
    public static void CheckImages(ComposeProject project)
    {
        ArgumentNullException.ThrowIfNull(project);
        foreach (ComposeService service in project.Services.Values)
        {
            ImageName.Check(service.Name, service.Image);
        }
    }

    /// <summary>Converts everything, so that nothing is made in the cluster where a part cannot be.</summary>
    /// <param name="readFile">Where the contents of secrets and configs come from; the disk unless told otherwise.</param>
    /// <exception cref="ComposeException">An image is missing or no reference, something undefined is referred to, a file cannot be
    /// read, or a value is none that the cluster knows.</exception>
    public static StackPlan Convert(ComposeProject project, string stackName, ComposeFileReader? readFile = null)
    {
        ArgumentNullException.ThrowIfNull(project);
        ComposeFileReader reader = readFile ?? File.ReadAllBytes;
        CheckImages(project);
        StackScope scope = new(stackName, project);
        string[] used = [.. project.Services.Values
            .SelectMany(static service => service.Networks.Count == 0 ? [DefaultNetwork] : service.Networks.Keys)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];
        return new StackPlan
        {
            Stack = stackName,
            Networks = used.Where(key => !scope.Network(key).External).Select(key => Network(scope, key)).ToValueList(),
            ExternalNetworks = used.Where(key => scope.Network(key).External).Select(scope.NetworkName).ToValueList(),
            Secrets = Own(project.Secrets).Select(entry => Secret(scope, entry.Key, entry.Value, reader)).ToValueList(),
            Configs = Own(project.Configs).Select(entry => new ConfigSpec(scope.Annotations(scope.Name(entry.Key, entry.Value.Name), entry.Value.Labels))
            {
                Data = new ValueList<byte>([.. Files.Read(entry.Value.File, reader)]),
                Templating = Templating(entry.Value),
            }).ToValueList(),
            Services = project.Services.Values.Select(service => ServiceConverter.Convert(service, scope)).ToValueList(),
        };
    }

    private static IEnumerable<KeyValuePair<string, ComposeFileObject>> Own(IReadOnlyDictionary<string, ComposeFileObject> all) =>
        all.Where(static entry => !entry.Value.External);

    private static NetworkSpec Network(StackScope scope, string key)
    {
        ComposeNetwork network = scope.Network(key);
        return new NetworkSpec(scope.Annotations(scope.NetworkName(key), network.Labels))
        {
            Driver = new Driver(network.Driver.Length == 0 ? DefaultDriver : network.Driver) { Options = network.DriverOpts.ToValueMap() },
            Internal = network.Internal,
            Attachable = network.Attachable,
            Ipam = network.IpamDriver.Length == 0 && network.IpamSubnets.Count == 0 ? null : new IpamSpec
            {
                Driver = network.IpamDriver.Length == 0 ? null : new Driver(network.IpamDriver),
                Pools = network.IpamSubnets.Select(static subnet => new IpamPool(subnet, "", "")).ToValueList(),
            },
        };
    }

    private static SecretSpec Secret(StackScope scope, string key, ComposeFileObject secret, ComposeFileReader reader) =>
        new(scope.Annotations(scope.Name(key, secret.Name), secret.Labels))
        {
            Data = secret.Driver.Length > 0 ? SensitiveBytes.Empty : SensitiveBytes.From(Files.Read(secret.File, reader)),
            Driver = secret.Driver.Length > 0 ? new Driver(secret.Driver) { Options = secret.DriverOpts.ToValueMap() } : null,
            Templating = Templating(secret),
        };

    private static Driver? Templating(ComposeFileObject file) => file.TemplateDriver.Length == 0 ? null : new Driver(file.TemplateDriver);
}
