using Skep.Cli.Parsing;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm rejoin</c>: a manager that cannot read its own data gets the other managers'.</summary>
internal static class SwarmRejoin
{
    public static readonly Verb Rejoin = new("", "Have this manager, whose data is damaged, join the others anew", Arity.None, [], static async (call, cancellation) =>
    {
        await call.Engine.PostAsync("/swarm/rejoin", cancellation);
        call.Out.WriteLine("This manager has joined the others anew.");
        return 0;
    });
}
