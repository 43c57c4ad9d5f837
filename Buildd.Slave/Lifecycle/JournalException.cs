namespace Buildd.Slave.Lifecycle;

/// <summary>The slave's journal can't be used, so the slave can't be started: the message says what to do.</summary>
public sealed class JournalException(string message, Exception? inner = null) : Exception(message, inner);
