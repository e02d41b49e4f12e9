using Grpc.Core;
using Skep.Rpc.V1;

namespace Skep.Worker.PeerServices;

/// <summary>Streams the output of this node's tasks to a manager.</summary>
public sealed class NodeLogsService : NodeLogs.NodeLogsBase
{
}
