using Buildd.Protocol.XmlRpc;

namespace Buildd.Slave.Builds;

/// <summary>What a master asked to be built. Names are safe as parts of a path; the files are in the cache.</summary>
public sealed record BuildRequest
{
    /// <summary>The master's name for the build, such as <c>PACKAGEBUILD-22</c>.</summary>
    public required string BuildId { get; init; }

    /// <summary>The chroot's path in the file cache.</summary>
    public required string ChrootPath { get; init; }

    /// <summary>The inputs: name to path in the file cache, in the master's order.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>The arguments, as they came. A backend reads them once, into a record of its own.</summary>
    public required XmlRpcStruct Arguments { get; init; }

    /// <summary>The architecture to build for when the arguments do not say.</summary>
    public required string DefaultArchitecture { get; init; }
}
