namespace Buildd.Master.Scanning;

/// <summary>What keeps builds apart has failed: a builder is not in the state that its record says.</summary>
internal sealed class IsolationException(string message) : MasterException(message);

/// <summary>A virtual builder can't be reset. It is never just tried again: what ran on it may still be there.</summary>
internal sealed class CannotResetException(string message) : MasterException(message);

/// <summary>A slave has said that it failed, or something that makes no sense; it would say the same again.</summary>
public sealed class BuilderFaultException(string message) : MasterException(message);

/// <summary>Somebody else has changed a record at the same time; look again.</summary>
internal sealed class RaceLostException(string what) : MasterException($"Somebody else has changed {what}.");

/// <summary>The builder belongs to another master now, or is gone.</summary>
internal sealed class LeaseLostException(string builder) : MasterException($"{builder} is no longer ours.");
