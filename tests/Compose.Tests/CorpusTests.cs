using System.Text.Json.Nodes;

namespace Skep.Compose.Tests;

public sealed class CorpusTests
{
    [CorpusTheory]
    [ClassData(typeof(Configs))]
    public void Config_is_written_as_docker_writes_it(string name)
    {
        string written = Corpus.Neutral(ComposeWriter.ToYaml(Corpus.Load(name)));

        Assert.Equal(Corpus.Golden(name, ".golden.yml"), written);
    }

    [CorpusTheory]
    [ClassData(typeof(Errors))]
    public void File_is_refused_with_dockers_words(string name)
    {
        ComposeException fault = Assert.Throws<ComposeException>(() => Corpus.Load(name));

        Assert.Contains(Corpus.Neutral(fault.Message), Corpus.Choices(Corpus.Golden(name, ".golden.err")));
    }

    [CorpusTheory]
    [ClassData(typeof(Remarks))]
    public void Deploy_remarks_on_what_docker_remarks_on(string name)
    {
        ComposeProject project = Corpus.Load(name);
        List<string> lines = [.. project.Warnings];
        try
        {
            StackConverter.Convert(project, "stk");
        }
        catch (ComposeException fault)
        {
            // Other faults of the conversion come after the engine was first talked to.
            lines.AddRange(fault.Message.StartsWith("invalid image reference", StringComparison.Ordinal) ? [fault.Message] : Array.Empty<string>());
        }

        Assert.Contains(Corpus.Neutral(string.Join('\n', lines)).Trim(), Corpus.Choices(Corpus.Golden(name, ".golden.warn")));
    }

    [CorpusTheory]
    [ClassData(typeof(Deploys))]
    public void Stack_asks_the_engine_for_what_docker_asks(string name)
    {
        JsonNode golden = JsonNode.Parse(Corpus.Golden(name, ".golden.deploy.json"))!;
        if (golden is JsonObject refused)
        {
            ComposeException fault = Assert.Throws<ComposeException>(() => StackConverter.Convert(Corpus.Load(name), "stk"));
            Assert.Contains(Corpus.Neutral(fault.Message), Corpus.Choices(refused["error"]!.GetValue<string>()).Concat(Corpus.Remarks(name)));
            return;
        }

        List<string> asked = [.. DeployRequests.Of(StackConverter.Convert(Corpus.Load(name), "stk")).Select(Corpus.Neutral)];
        List<string> wanted = [.. DeployRequests.OfGolden(golden.AsArray())];
        string[] differences = [.. wanted.Except(asked).Select(line => $"missing {line}"), .. asked.Except(wanted).Select(line => $"surplus {line}")];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
    }

    private sealed class Configs() : CorpusCases(".golden.yml");

    private sealed class Errors() : CorpusCases(".golden.err");

    private sealed class Remarks() : CorpusCases(".golden.warn");

    private sealed class Deploys() : CorpusCases(".golden.deploy.json");
}
