using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>The arguments of the manager <c>binarypackage</c>, which builds a source package with sbuild: protocol section 12.1.</summary>
public record BinaryPackageArguments : BuildArguments
{
    /// <summary>Arguments with the defaults of each property.</summary>
    public BinaryPackageArguments()
    {
    }

    [SetsRequiredMembers]
    private BinaryPackageArguments(ArgumentReader reader, string defaultArchitecture)
        : base(reader, reader.Text(ArgumentNames.Series) ?? reader.RequiredText(ArgumentNames.Suite), defaultArchitecture)
    {
        Suite = reader.RequiredText(ArgumentNames.Suite);
        Component = reader.RequiredText(ArgumentNames.OgreComponent);
        ArchivePurpose = reader.Text(ArgumentNames.ArchivePurpose);
        ArchIndep = reader.Flag(ArgumentNames.ArchIndep);
        BuildDebugSymbols = reader.Flag(ArgumentNames.BuildDebugSymbols);
        Provenance = reader.Flag(ArgumentNames.Provenance);
        Others = reader.Others();
    }

    /// <summary>The distribution that sbuild is told, such as <c>trusty-proposed</c>; null (the default) for the series.</summary>
    public string? Suite { get; init; }

    /// <summary>
    /// The component that the source is published in (<c>ogrecomponent</c> on the wire). The slave requires it; Debian's
    /// first component, <c>main</c>, is the default here.
    /// </summary>
    public string Component { get; init => field = value ?? "main"; } = "main";

    /// <summary>PRIMARY (the default), PPA, PARTNER or COPY: the purpose that the build is told of. Null sends none.</summary>
    public string? ArchivePurpose { get; init; } = "PRIMARY";

    /// <summary>Whether packages for all architectures are built too; false by default.</summary>
    public bool ArchIndep { get; init; }

    /// <summary>Whether packages of debug symbols are built; false by default.</summary>
    public bool BuildDebugSymbols { get; init; }

    /// <summary>
    /// Whether the provenance of the packages is a result too; false by default. Slaves of this project know it, the reference does not.
    /// </summary>
    public bool Provenance { get; init; }

    /// <summary>Reads the arguments of a call.</summary>
    /// <param name="arguments">What the codec read.</param>
    /// <param name="defaultArchitecture">The architecture where the master names none.</param>
    /// <exception cref="MessageFormatException">Something is missing or of another type.</exception>
    public static BinaryPackageArguments FromXmlRpc(XmlRpcStruct arguments, string defaultArchitecture) =>
        new(new ArgumentReader(arguments), defaultArchitecture);

    /// <summary>Series, suite and architecture; no secrets.</summary>
    public sealed override string ToString() => $"{Suite ?? Series} ({Series}) {ArchTag}";

    private protected sealed override void Write(ArgumentWriter writer) => writer
        .Text(ArgumentNames.Suite, Suite ?? Series)
        .Text(ArgumentNames.OgreComponent, Component)
        .Text(ArgumentNames.ArchivePurpose, ArchivePurpose)
        .Flag(ArgumentNames.ArchIndep, ArchIndep, always: true)
        .Flag(ArgumentNames.BuildDebugSymbols, BuildDebugSymbols, always: true)
        .Flag(ArgumentNames.Provenance, Provenance);
}
