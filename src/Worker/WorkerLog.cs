using Microsoft.Extensions.Logging;

namespace Skep.Worker;

/// <summary>Everything this room logs; 4000 to 4999.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(4010, LogLevel.Information, "task {TaskId} is {State} {Error}")]
    public static partial void TaskMoved(ILogger logger, TaskId taskId, TaskState state, string error);

    [LoggerMessage(4011, LogLevel.Information, "task {TaskId} was found {State} and is taken over")]
    public static partial void TaskAdopted(ILogger logger, TaskId taskId, TaskState state);

    [LoggerMessage(4012, LogLevel.Warning, "ending task {TaskId} failed ({Reason}); trying again in {Pause}")]
    public static partial void TaskActionFailed(ILogger logger, TaskId taskId, string reason, TimeSpan pause);

    [LoggerMessage(4021, LogLevel.Warning, "session with manager {Address} ended: {Reason}")]
    public static partial void SessionEnded(ILogger logger, string address, string reason);

    [LoggerMessage(4022, LogLevel.Warning, "container {Container} belongs to no task assigned here and is removed")]
    public static partial void OrphanRemoved(ILogger logger, string container);

    [LoggerMessage(4023, LogLevel.Error, "task {TaskId} broke the agent: {Reason}")]
    public static partial void TaskRunnerFailed(ILogger logger, TaskId taskId, string reason, Exception exception);

    [LoggerMessage(4024, LogLevel.Warning, "assignments could not be written for the next start: {Reason}")]
    public static partial void AssignmentsNotWritten(ILogger logger, string reason);

    [LoggerMessage(4032, LogLevel.Warning, "places of this node's own containers in cluster networks are not as they should be yet: {Reason}")]
    public static partial void AttachmentsOutOfSync(ILogger logger, string reason);
}
