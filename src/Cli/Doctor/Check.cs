namespace Skep.Cli.Doctor;

/// <summary>Ordered by how bad it is.</summary>
internal enum Verdict
{
    Ok,

    /// <summary>It could not be found out.</summary>
    Unknown,
    Warn,
    Fail,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Fix">What to do about it; empty where all is well.</param>
internal sealed record Check(string Name, Verdict Verdict, string Reason, string Fix = "");
