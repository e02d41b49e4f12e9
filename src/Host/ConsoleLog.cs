using Microsoft.Extensions.Logging;

namespace Skep.Host;

/// <summary>One line an event on standard error: time, level, room, text. The journal or whoever started the daemon keeps it.</summary>
internal sealed class ConsoleLog(LogLevel minimum, TimeProvider time) : ILoggerProvider, ILoggerFactory
{
    private readonly Lock _gate = new();
    private readonly TextWriter _output = Console.Error;

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("there is one log");

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string category, string text, Exception? error)
    {
        string word = level switch
        {
            LogLevel.Trace or LogLevel.Debug => "debug",
            LogLevel.Information => "info ",
            LogLevel.Warning => "warn ",
            LogLevel.Error or LogLevel.Critical => "ERROR",
            LogLevel.None => "",
        };
        string line = $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {word} {category[(category.LastIndexOf('.') + 1)..]}: {text}{(error is null ? "" : $"\n{error}")}";
        lock (_gate)
        {
            _output.WriteLine(line);
        }
    }

    private sealed class Category(ConsoleLog log, string name) : ILogger
    {
        // The framework's own categories are chatty below warnings.
        private readonly LogLevel _minimum = name.StartsWith("Microsoft.", StringComparison.Ordinal) && log.Minimum < LogLevel.Warning ? LogLevel.Warning : log.Minimum;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, name, formatter(state, exception), exception);
            }
        }
    }

    private LogLevel Minimum => minimum;
}
