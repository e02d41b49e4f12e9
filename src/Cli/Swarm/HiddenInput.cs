using Skep.Cli.Containers;

namespace Skep.Cli.Swarm;

/// <summary>Secrets that are typed: not shown on a terminal; the first line of anything else.</summary>
internal static class HiddenInput
{
    public static async Task<string> ReadLineAsync(Invocation call, string prompt, CancellationToken cancellation)
    {
        if (call.Terminal.CanAsk)
        {
            call.Out.Write(prompt);
            call.Out.Flush();
        }

        string line;
        using (call.Terminal.CanAsk ? RawTerminal.Hide() : null)
        using (StreamReader reader = new(call.Terminal.OpenInput()))
        {
            line = await reader.ReadLineAsync(cancellation) ?? "";
        }

        if (call.Terminal.CanAsk)
        {
            call.Out.WriteLine();
        }

        return line;
    }
}
