using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>What an agent reports of its tasks.</summary>
public static class TaskReportMapping
{
    public static Proto.TaskReport ToProto(this TaskReport report) => new() { TaskId = report.Task.Value, Status = report.Status.ToProto() };

    public static TaskReport ToModel(this Proto.TaskReport report) => new(new TaskId(report.TaskId), Need(report.Status).ToModel());
}
