namespace Buildd.Slave.Http;

/// <summary>What a slave serves beside the calls and the files.</summary>
public sealed record EndpointOptions
{
    /// <summary>Whether <c>/log/stream</c> sends the log of the build to whoever wants to watch it. The default is true.</summary>
    public bool LogStream { get; set; } = true;
}
