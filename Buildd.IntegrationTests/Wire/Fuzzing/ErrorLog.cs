using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>Keeps what a slave logs as an error: nothing that a client sends is one.</summary>
internal sealed class ErrorLog : ILoggerProvider, ILogger
{
    private const int MostKept = 20;

    private readonly ConcurrentQueue<string> _errors = new();

    internal IReadOnlyList<string> Errors => [.. _errors];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && _errors.Count < MostKept)
            _errors.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
