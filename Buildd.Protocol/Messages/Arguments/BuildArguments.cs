using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// What every kind of build that takes place in a Debian system is told. Masters write it with <see cref="ToXmlRpc"/>, slaves read it
/// with the <c>FromXmlRpc</c> of the kind. Only types are looked at; what a value may be, the slave decides.
/// </summary>
/// <remarks>Defaults are the slave's own, unless a property says otherwise. A list that is null counts as empty.</remarks>
public abstract record BuildArguments
{
    private protected BuildArguments()
    {
    }

    /// <summary>Reads the members that all kinds have.</summary>
    /// <exception cref="MessageFormatException">Something is missing or of another type.</exception>
    [SetsRequiredMembers]
    private protected BuildArguments(ArgumentReader reader, string series, string defaultArchitecture)
    {
        Series = series;
        ArchTag = reader.Text(ArgumentNames.ArchTag) ?? defaultArchitecture;
        Archives = reader.Texts(ArgumentNames.Archives);
        ArchivePrivate = reader.Flag(ArgumentNames.ArchivePrivate);
        TrustedKeys = reader.Base64Texts(ArgumentNames.TrustedKeys);
        BuildUrl = reader.Text(ArgumentNames.BuildUrl);
        ImageType = reader.Text(ArgumentNames.ImageType);
        FastCleanup = reader.Flag(ArgumentNames.FastCleanup);
        BuilderConstraints = reader.Texts(ArgumentNames.BuilderConstraints) ?? [];
    }

    /// <summary>
    /// The series that the chroot holds, such as <c>bookworm</c>. Masters of 2014 send the suite only, which then stands for it.
    /// </summary>
    public required string Series { get; init; }

    /// <summary>The architecture to build for, such as <c>amd64</c>; the slave's own where a master names none.</summary>
    public required string ArchTag { get; init; }

    /// <summary>
    /// The lines of sources.list, in the order apt shall prefer them; they may have credentials in their URLs. Null (the default) keeps
    /// those of the chroot. So does an empty list when it is written, since it is left out then; one that a slave reads fails the build,
    /// as in the reference.
    /// </summary>
    public IReadOnlyList<string>? Archives { get; init; }

    /// <summary>Whether the slave must take credentials in URLs out of the log; false by default.</summary>
    public bool ArchivePrivate { get; init; }

    /// <summary>OpenPGP keys, not armoured, that apt shall trust besides those of the chroot; none by default.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> TrustedKeys { get; init => field = value ?? []; } = [];

    /// <summary>The page of the build, for the first line of the log; null (the default) for none.</summary>
    public string? BuildUrl { get; init; }

    /// <summary>What kind of file the chroot is; null (the default) means <c>chroot</c>, a tarball with one top folder.</summary>
    public string? ImageType { get; init; }

    /// <summary>Whether the system is left as it is after the build, since the machine is thrown away; false by default.</summary>
    public bool FastCleanup { get; init; }

    /// <summary>What the master wanted of the machine that it chose, such as <c>gpu-nvidia</c>; nothing by default.</summary>
    public IReadOnlyList<string> BuilderConstraints { get; init => field = value ?? []; } = [];

    /// <summary>Arguments that have no property here, or whose property says nothing. Empty by default.</summary>
    public XmlRpcStruct Others { get; init => field = value ?? []; } = [];

    /// <summary>The arguments as they go over the wire.</summary>
    public XmlRpcStruct ToXmlRpc()
    {
        var writer = new ArgumentWriter().Text(ArgumentNames.Series, Series);
        Write(writer);
        return writer
            .Text(ArgumentNames.ArchTag, ArchTag)
            .Texts(ArgumentNames.Archives, Archives)
            .Flag(ArgumentNames.ArchivePrivate, ArchivePrivate, always: true)
            .Base64Texts(ArgumentNames.TrustedKeys, TrustedKeys)
            .Text(ArgumentNames.BuildUrl, BuildUrl)
            .Text(ArgumentNames.ImageType, ImageType)
            .Flag(ArgumentNames.FastCleanup, FastCleanup)
            .Texts(ArgumentNames.BuilderConstraints, BuilderConstraints)
            .With(Others);
    }

    /// <summary>Writes the members of the kind.</summary>
    private protected abstract void Write(ArgumentWriter writer);
}
