using Microsoft.Extensions.Logging;

namespace Buildd.UnitTests.Testing;

/// <summary>Keeps what is logged, and lets a test wait for a message instead of asking again and again.</summary>
internal sealed class RecordingLogger<T> : ILogger<T>
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Message, Exception? Exception)> _entries = [];
    private readonly List<(string Part, TaskCompletionSource Seen)> _waiting = [];

    /// <summary>Is called with each message, on the thread that logs it, before whoever waits for it goes on.</summary>
    internal Action<string>? OnMessage { get; set; }

    internal IReadOnlyList<(LogLevel Level, string Message, Exception? Exception)> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>All of it as lines of text, for a look at what must not be there.</summary>
    internal IReadOnlyList<string> Lines => [.. Entries.Select(entry => $"{entry.Level}: {entry.Message} {entry.Exception}")];

    /// <summary>Ends with the next message that has the text in it. Ask before the thing is done that logs it.</summary>
    internal Task NextAsync(string part)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _waiting.Add((part, seen));
        return seen.Task;
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var message = formatter(state, exception);
        lock (_lock)
            _entries.Add((logLevel, message, exception));
        OnMessage?.Invoke(message);
        lock (_lock)
        {
            foreach (var (part, seen) in _waiting)
            {
                if (message.Contains(part, StringComparison.Ordinal))
                    seen.TrySetResult();
            }
        }
    }
}

/// <summary>One message.</summary>
internal sealed record LogEntry(LogLevel Level, string Message);
