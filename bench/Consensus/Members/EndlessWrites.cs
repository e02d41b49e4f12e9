using System.Runtime.InteropServices;

namespace Skep.Bench.Consensus.Members;

/// <summary>Clients that write numbered commands until their process is killed, and note each acknowledgement in a file that outlives it.</summary>
internal sealed class EndlessWrites(IEngine engine, string acknowledgements)
{
    private readonly Lock _gate = new();

    // Unbuffered: a number handed to the system is there after kill -9.
    private readonly FileStream _file = new(acknowledgements, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    private long _number;

    public void Start(int clients)
    {
        for (int client = 0; client < clients; client++)
        {
            int seed = client;
            _ = Task.Run(() => ClientAsync(seed));
        }
    }

    public static long[] Read(string file)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(file);
        return MemoryMarshal.Cast<byte, long>(bytes[..(bytes.Length / sizeof(long) * sizeof(long))]).ToArray();
    }

    private async Task ClientAsync(int seed)
    {
        byte[] command = Command.Create(seed);
        byte[] number = new byte[sizeof(long)];
        while (true)
        {
            Command.SetNumber(command, Interlocked.Increment(ref _number));
            try
            {
                await engine.ProposeAsync(command);
            }
            catch (Exception)
            {
                await Task.Delay(5); // Not acknowledged, so nothing was promised: the next number.
                continue;
            }

            Array.Copy(command, number, number.Length);
            lock (_gate)
            {
                _file.Write(number);
            }
        }
    }
}
