using System.Text;

namespace Skep.Hostile.Fuzz;

/// <summary>Something that reads what others wrote.</summary>
/// <param name="Seeds">Inputs to begin from; the first is a good one.</param>
/// <param name="Read">Takes an input; may throw what <paramref name="IsExpected"/> knows, nothing else.</param>
/// <param name="IsExpected">The errors that say "this is bad input".</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Action<byte[]> Read, Func<Exception, bool> IsExpected)
{
    /// <summary>One input of at most 64 KiB may cost this much; a number in it must not be believed as a size.</summary>
    private const long MostBytes = 64 << 20;

    public override string ToString() => Name;

    /// <summary>Reads every seed, the first without complaint, then what the random numbers of <paramref name="first"/> and those after it make of them.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">An input was not refused as bad input is; the message holds it.</exception>
    public void Run(int first, long executions)
    {
        Read(Seeds[0]);
        for (long n = -Seeds.Count; n < executions; n++)
        {
            byte[] input = n < 0 ? Seeds[(int)(n + Seeds.Count)] : Mutator.Mutate(Seeds, new Random(unchecked(first + (int)n)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(input);
            }
            catch (Exception e) when (IsExpected(e))
            {
                // Refused, as it should be.
            }
            catch (Exception e)
            {
                Assert.Fail($"{Name}, random numbers of {first + n}: {e}\ninput (base64): {Convert.ToBase64String(input)}\nas text: {Encoding.Latin1.GetString(input)[..Math.Min(input.Length, 400)]}");
            }

            long cost = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(cost < MostBytes, $"{Name}, random numbers of {first + n}: {cost:N0} bytes for an input of {input.Length}\ninput (base64): {Convert.ToBase64String(input)}");
        }
    }
}
