using System.Globalization;
using System.Text.Json;
using Skep.Bench.Consensus.Engines;

namespace Skep.Bench.Consensus.Members;

/// <summary>One member as a process: a command a line on standard input, an answer a line on standard output; ends with its input.</summary>
internal static class MemberProcess
{
    /// <summary>The first line, once the member is there; before answers and before errors.</summary>
    public const string Up = "up", Answer = "= ", Error = "! ";

    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(MemberOptions options)
    {
        Directory.CreateDirectory(options.Directory);
        await using IEngine engine = options.Engine == EngineKind.RaftNode ? RaftNodeEngine.Start(options) : await DotNextEngine.StartAsync(options);
        Console.WriteLine(Up);
        Task commands = Task.Run(() => ServeAsync(engine));
        await await Task.WhenAny(commands, engine.Ended);
        return 0;
    }

    private static async Task ServeAsync(IEngine engine)
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            try
            {
                object answer = await DoAsync(engine, line.Split(' '));
                Console.WriteLine(Answer + JsonSerializer.Serialize(answer, answer.GetType()));
            }
            catch (Exception e)
            {
                Console.WriteLine($"{Error}{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
    }

    private static async Task<object> DoAsync(IEngine engine, string[] words)
    {
        switch (words)
        {
            case ["status"]:
                return MemberStatus.Of(engine);
            case ["load", var clients, var writes]:
                return await new Load(engine, Number(clients), Number(writes)).RunAsync();
            case ["write", var number]:
                byte[] command = Command.Create(seed: 0);
                Command.SetNumber(command, Number(number));
                await engine.ProposeAsync(command).AsTask().WaitAsync(WriteLimit);
                return new Done();
            case ["write-until-killed", var clients, var file]:
                new EndlessWrites(engine, file).Start(Number(clients));
                return new Done();
            case ["dump", var file]:
                await File.WriteAllBytesAsync(file, engine.Log.Encode());
                return new Done();
            default:
                throw new ArgumentException($"unknown command {string.Join(' ', words)}");
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
