using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs.Packages;

/// <summary>
/// The arguments of the manager <c>binarypackage</c>, which builds a source package with sbuild. Defaults are the
/// slave's own, unless a property says otherwise.
/// </summary>
public sealed record BinaryPackageArguments
{
    /// <summary>The series that the chroot holds, such as <c>bookworm</c>.</summary>
    public required string Series { get; init; }

    /// <summary>The distribution that sbuild is told, such as <c>bookworm</c> or <c>trusty-proposed</c>.</summary>
    public required string Suite { get; init; }

    /// <summary>The architecture to build for, such as <c>amd64</c>.</summary>
    public required string ArchTag { get; init; }

    /// <summary>
    /// The component that the source is published in (<c>ogrecomponent</c> on the wire). The slave requires it; Debian's
    /// first component, <c>main</c>, is the default here.
    /// </summary>
    public string Component { get; init; } = "main";

    /// <summary>PRIMARY (the default), PPA, PARTNER or COPY: the purpose that the build is told of.</summary>
    public string ArchivePurpose { get; init; } = "PRIMARY";

    /// <summary>
    /// The lines of sources.list, in the order apt shall prefer them. Empty (the default) keeps those of the chroot: the
    /// argument is left out, since the slave fails on an empty list. They may have credentials in their URLs.
    /// </summary>
    public IReadOnlyList<string> Archives { get; init; } = [];

    /// <summary>Whether the slave must take credentials in URLs out of the log; false by default.</summary>
    public bool ArchivePrivate { get; init; }

    /// <summary>Whether packages for all architectures are built too; false by default.</summary>
    public bool ArchIndep { get; init; }

    /// <summary>Whether packages of debug symbols are built; false by default.</summary>
    public bool BuildDebugSymbols { get; init; }

    /// <summary>OpenPGP keys, not armoured, that apt shall trust besides those of the chroot; none by default.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> TrustedKeys { get; init; } = [];

    /// <summary>The page of the build, for the first line of the log; null (the default) for none.</summary>
    public string? BuildUrl { get; init; }

    /// <summary>Arguments that have no property here; they win over those that have. Empty by default.</summary>
    public XmlRpcStruct Others { get; init; } = [];

    /// <summary>The arguments as they go over the wire.</summary>
    public XmlRpcStruct ToXmlRpc()
    {
        var members = new List<KeyValuePair<string, XmlRpcValue>>
        {
            new(WireNames.Arguments.Series, Series),
            new(WireNames.Arguments.Suite, Suite),
            new(WireNames.Arguments.ArchTag, ArchTag),
            new(WireNames.Arguments.OgreComponent, Component),
            new(WireNames.Arguments.ArchivePurpose, ArchivePurpose),
            new(WireNames.Arguments.ArchivePrivate, ArchivePrivate),
            new(WireNames.Arguments.ArchIndep, ArchIndep),
            new(WireNames.Arguments.BuildDebugSymbols, BuildDebugSymbols),
        };
        if (Archives.Count > 0)
            members.Add(new(WireNames.Arguments.Archives, Strings(Archives)));
        if (TrustedKeys.Count > 0)
            members.Add(new(WireNames.Arguments.TrustedKeys, Strings(TrustedKeys.Select(key => Convert.ToBase64String(key.Span)))));
        if (BuildUrl is not null)
            members.Add(new(WireNames.Arguments.BuildUrl, BuildUrl));
        return new XmlRpcStruct(members.Concat(Others));
    }

    /// <summary>Series, suite and architecture; no secrets.</summary>
    public override string ToString() => $"{Suite} ({Series}) {ArchTag}";

    private static XmlRpcArray Strings(IEnumerable<string> texts) =>
        new(texts.Select(text => (XmlRpcValue)text));
}
