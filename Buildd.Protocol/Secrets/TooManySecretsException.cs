namespace Buildd.Protocol.Secrets;

/// <summary>A build's arguments hold more secrets than can be kept out of its log.</summary>
/// <param name="message">How many there are, and how many may be.</param>
public sealed class TooManySecretsException(string message) : ProtocolException(message);
