namespace Buildd.Slave.Http;

/// <summary>What a slave serves beside the calls and the files.</summary>
public sealed record EndpointOptions
{
    /// <summary>
    /// Whether <c>/filecache/</c> lists what is served from it. Off by default, other than the reference: the sums are all
    /// that keeps the files of a private archive from whoever reaches the port, and no master asks for the list.
    /// </summary>
    public bool FileListing { get; set; }
}
