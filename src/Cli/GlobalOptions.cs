namespace Skep.Cli;

/// <summary>What stands before the verb: <c>skep -H unix:///run/x.sock service ls</c>.</summary>
internal sealed class GlobalOptions
{
    private static readonly string[] Names = ["host", "debug", "version", "help", "config", "log-level", "context", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey"];

    public string? Host { get; private set; }

    /// <summary>Folder of <c>config.json</c>, in place of <c>DOCKER_CONFIG</c>.</summary>
    public string? Config { get; private set; }

    public string? Context { get; private set; }

    public bool? Tls { get; private set; }

    public bool? TlsVerify { get; private set; }

    public string? TlsAuthority { get; private set; }

    public string? TlsCertificate { get; private set; }

    public string? TlsKey { get; private set; }

    public bool IsDebug { get; private set; }

    public bool WantsVersion { get; private set; }

    /// <returns>Where the verb begins.</returns>
    /// <exception cref="UsageException">Something else stands there.</exception>
    public int Read(string[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (!word.StartsWith('-') || word == "-")
            {
                return i;
            }

            (string name, string? value) = word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals ? (word[..equals], word[(equals + 1)..]) : (word, null);
            string Value() => value ?? (++i < words.Length ? words[i] : throw new UsageException($"flag needs an argument: {name}"));
            switch (name)
            {
                case "-H" or "--host":
                    Host = Value();
                    break;
                case "-D" or "--debug":
                    IsDebug = value is null || Parsing.GoValues.Bool(value);
                    break;
                case "-v" or "--version":
                    WantsVersion = true;
                    break;
                case "-h" or "--help":
                    return words.Length;
                case "--config":
                    Config = Value();
                    break;
                case "-l" or "--log-level":
                    IsDebug |= Value() == "debug"; // Only debug has something to say.
                    break;
                case "-c" or "--context":
                    Context = Value();
                    break;
                case "--tls":
                    Tls = value is null || Parsing.GoValues.Bool(value);
                    break;
                case "--tlsverify":
                    TlsVerify = value is null || Parsing.GoValues.Bool(value);
                    break;
                case "--tlscacert":
                    TlsAuthority = Value();
                    Tls ??= true;
                    break;
                case "--tlscert":
                    TlsCertificate = Value();
                    Tls ??= true;
                    break;
                case "--tlskey":
                    TlsKey = Value();
                    Tls ??= true;
                    break;
                case ['-', 'H', .. var attached] when attached.Length > 0:
                    Host = word[2..];
                    break;
                default:
                    throw new UsageException(word.StartsWith("--", StringComparison.Ordinal) ? $"unknown flag: {name}{Parsing.NearestWord.Question(name[2..], Names, "--")}" : $"unknown shorthand flag: '{word[1]}' in {word}");
            }
        }

        return words.Length;
    }
}
