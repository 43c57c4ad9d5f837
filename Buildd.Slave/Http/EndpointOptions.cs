namespace Buildd.Slave.Http;

/// <summary>What a slave serves beside the calls and the files.</summary>
public sealed record EndpointOptions;
