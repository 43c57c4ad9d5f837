namespace Buildd.Daemon.Logging;

/// <summary>What was logged, before it has a form.</summary>
/// <param name="Time">When.</param>
/// <param name="Level">How bad.</param>
/// <param name="Source">The class that says it.</param>
/// <param name="Message">The message with its values put in.</param>
/// <param name="Values">The values on their own.</param>
/// <param name="Exception">The exception as text, or null.</param>
internal sealed record LogEntry(
    DateTimeOffset Time, LogLevel Level, string Source, string Message, IReadOnlyList<KeyValuePair<string, object?>> Values,
    string? Exception);
