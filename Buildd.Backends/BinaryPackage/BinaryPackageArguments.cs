using Buildd.Backends.DebianBuilds;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.BinaryPackage;

/// <summary>What a master can say about the build of a binary package: protocol section 12.1.</summary>
internal sealed record BinaryPackageArguments
{
    /// <summary>What every kind of build has.</summary>
    internal required DebianArguments System { get; init; }

    /// <summary>The name of the <c>.dsc</c> among the inputs; of several the last.</summary>
    internal required string Dsc { get; init; }

    /// <summary>The distribution that sbuild builds for.</summary>
    internal required string Suite { get; init; }

    /// <summary>For the file CurrentlyBuilding.</summary>
    internal required string Component { get; init; }

    /// <summary>For the file CurrentlyBuilding; the reference writes <c>None</c> where there is none.</summary>
    internal required string Purpose { get; init; }

    /// <summary>Whether architecture-independent packages are built too.</summary>
    internal bool ArchIndep { get; init; }

    /// <summary>Whether packages with debug symbols are made.</summary>
    internal bool BuildDebugSymbols { get; init; }

    /// <summary>Whether the provenance of the packages is a result too. Ours; the reference does not know the argument.</summary>
    internal bool Provenance { get; init; }

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static BinaryPackageArguments Parse(BuildRequest request)
    {
        var reader = new ArgumentReader(request.Arguments);
        var dsc = request.Files.Keys.LastOrDefault(name => name.EndsWith(".dsc", StringComparison.Ordinal))
            ?? throw new RefusedException("none of the files is a .dsc");
        if (dsc.StartsWith('-'))
            throw new RefusedException($"'{dsc}' would be taken for an option");

        return new BinaryPackageArguments
        {
            Dsc = dsc,
            System = DebianArguments.Parse(request),
            Suite = ArgumentReader.Word(Arguments.Suite, reader.RequiredText(Arguments.Suite)),
            Component = ArgumentReader.Line(Arguments.OgreComponent, reader.RequiredText(Arguments.OgreComponent)),
            Purpose = ArgumentReader.Line(Arguments.ArchivePurpose, reader.Text(Arguments.ArchivePurpose) ?? "None"),
            ArchIndep = reader.Flag(Arguments.ArchIndep),
            BuildDebugSymbols = reader.Flag(Arguments.BuildDebugSymbols),
            Provenance = reader.Flag(Arguments.Provenance),
        };
    }
}
