using System.Globalization;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands;

/// <summary>Writes what is logged as lines for a person or a file, a level of its own for each.</summary>
internal sealed class LineLoggers(IReadOnlyList<(TextWriter Writer, LogLevel Level, bool HasTime)> targets, TimeProvider time)
    : ILoggerFactory
{
    private readonly Lock _lock = new();

    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        foreach (var (writer, _, _) in targets)
            writer.Flush();
    }

    private void Write(LogLevel level, string message)
    {
        // A level by the names of the option --log-file.
        var name = level switch
        {
            LogLevel.Debug or LogLevel.Trace => "DEBUG",
            LogLevel.Information => "INFO",
            LogLevel.Warning => "WARNING",
            _ => "ERROR",
        };
        var text = $"{name,-8}{Printable.Text(message).Replace('\n', ' ')}";
        lock (_lock)
        {
            foreach (var (writer, _, hasTime) in targets.Where(target => level >= target.Level))
            {
                writer.WriteLine(
                    hasTime ? string.Create(
                        CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:yyyy-MM-dd HH:mm:ss} {text}") : text);
                writer.Flush();
            }
        }
    }

    private sealed class LineLogger(LineLoggers owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            owner.Write(logLevel, exception is null ? formatter(state, null) : $"{formatter(state, exception)}: {exception.Message}");
            if (exception is not null)
                owner.Write(LogLevel.Debug, exception.ToString());
        }
    }
}
