namespace Skep.Compose;

/// <summary>Why a service cannot be converted; its name is put before it where it is caught.</summary>
internal sealed class StackException(string message) : Exception(message);
