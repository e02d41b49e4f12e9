using Skep.Testing;

namespace Skep.Cli.Tests;

/// <summary>Skipped where the recorded data are not beside the repository.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "shared/data is not beside the repository";
        }
    }
}
