namespace Skep.Cli.Output;

/// <summary>Of a terminal, in characters.</summary>
internal readonly record struct WindowSize(int Rows, int Columns);
