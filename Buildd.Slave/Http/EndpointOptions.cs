using Buildd.Protocol.XmlRpc;

namespace Buildd.Slave.Http;

/// <summary>What a slave serves beside the calls and the files.</summary>
public sealed record EndpointOptions
{
    /// <summary>Whether <c>/log/stream</c> sends the log of the build to whoever wants to watch it. The default is true.</summary>
    public bool LogStream { get; set; } = true;

    /// <summary>Whether <c>/metrics</c> is served, with the figures that Prometheus gathers. On by default.</summary>
    public bool Metrics { get; set; } = true;

    /// <summary>Whether <c>/healthz</c> is served, which says whether builds could run here. On by default.</summary>
    public bool Health { get; set; } = true;

    /// <summary>
    /// Whether <c>status</c> is answered with an array, for masters up to 2013; <c>status_dict</c> is answered with the struct in any
    /// case. Off by default.
    /// </summary>
    public bool TupleStatus { get; set; }

    /// <summary>The largest body of a call in bytes; at most, and by default, what the codec takes.</summary>
    public int MaxBodyBytes { get; set; } = XmlRpcLimits.MaxBodyBytes;

    /// <summary>
    /// Whether <c>/filecache/</c> lists what is served from it. Off by default, other than the reference: the sums are all
    /// that keeps the files of a private archive from whoever reaches the port, and no master asks for the list.
    /// </summary>
    public bool FileListing { get; set; }
}
