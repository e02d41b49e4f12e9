using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Rpc.Security;

namespace Skep.Worker.Tasks;

/// <summary>What the agent remembers of a task across its own restarts.</summary>
/// <param name="BootId">The machine's boot it was written in: containers do not outlive it.</param>
internal sealed record TaskRecord(TaskState State, DateTimeOffset Timestamp, string Message, string Error, string ContainerId, int Pid, int ExitCode, string BootId)
{
    public DateTimeOffset? StartedAt { get; init; }

    public string ImageId { get; init; } = "";

    public SwarmTaskStatus ToStatus() => new(State, Timestamp)
    {
        Message = Message,
        Error = Error,
        Container = ContainerId.Length == 0 ? null : new ContainerStatus(ContainerId, Pid, ExitCode),
    };
}

[JsonSerializable(typeof(TaskRecord))]
internal sealed partial class TaskRecordContext : JsonSerializerContext;

/// <summary>One small file per task.</summary>
internal sealed class TaskRecords(string directory, string bootId)
{
    public TaskRecord? Read(TaskId task)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(task)), TaskRecordContext.Default.TaskRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // None, or torn by a power failure: then the containers say what is so.
            return null;
        }
    }

    public void Write(TaskId task, SwarmTaskStatus status, DateTimeOffset? startedAt, string imageId)
    {
        var record = new TaskRecord(
            status.State, status.Timestamp, status.Message, status.Error, status.Container?.ContainerId ?? "", status.Container?.Pid ?? 0, status.Container?.ExitCode ?? 0, bootId)
        {
            StartedAt = startedAt,
            ImageId = imageId,
        };
        PrivateFile.Overwrite(PathOf(task), JsonSerializer.SerializeToUtf8Bytes(record, TaskRecordContext.Default.TaskRecord));
    }

    public void Remove(TaskId task) => File.Delete(PathOf(task));

    private string PathOf(TaskId task) => Path.Combine(directory, task.Value);
}
