using Skep.Cli.Engine;
using Skep.Cli.Parsing;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm rejoin</c>: a manager that cannot read its own data, or has moved, gets the other managers'.</summary>
internal static class SwarmRejoin
{
    private static readonly Flag<string> Advertise = Flag.Text("advertise-addr", "Address that others reach this manager by from now on (format: \"<ip|interface>[:port]\")");

    public static readonly Verb Rejoin = new("[OPTIONS]", "Have this manager, whose data is damaged or whose address has changed, join the others anew", Arity.None, [Advertise], static async (call, cancellation) =>
    {
        await call.Engine.PostAsync(new Query("/swarm/rejoin").When(call.Given(Advertise), "advertiseAddr", call.Get(Advertise)).ToString(), cancellation);
        call.Out.WriteLine("This manager has joined the others anew.");
        return 0;
    });
}
