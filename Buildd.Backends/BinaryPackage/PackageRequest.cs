using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.BinaryPackage;

/// <summary>A master's order of a binary package, checked.</summary>
/// <param name="Arguments">What it says of the package.</param>
/// <param name="System">What it says of the system.</param>
/// <param name="Dsc">The name of the <c>.dsc</c> among the inputs; of several the last.</param>
internal sealed record PackageRequest(BinaryPackageArguments Arguments, DebianArguments System, string Dsc)
{
    /// <summary>The distribution that sbuild builds for.</summary>
    internal string Suite => Arguments.Suite ?? System.Series;

    /// <summary>For the file CurrentlyBuilding; the reference writes <c>None</c> where there is none.</summary>
    internal string Purpose => Arguments.ArchivePurpose ?? "None";

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static PackageRequest Parse(BuildRequest request)
    {
        var dsc = request.Files.Keys.LastOrDefault(name => name.EndsWith(".dsc", StringComparison.Ordinal))
            ?? throw new RefusedException("none of the files is a .dsc");
        if (dsc.StartsWith('-'))
            throw new RefusedException($"'{dsc}' would be taken for an option");

        var arguments = ArgumentCheck.Read(request, BinaryPackageArguments.FromXmlRpc);
        var checkedRequest = new PackageRequest(arguments, DebianArguments.Check(request, arguments), dsc);
        ArgumentCheck.Word(ArgumentNames.Suite, checkedRequest.Suite);
        ArgumentCheck.Line(ArgumentNames.OgreComponent, arguments.Component);
        ArgumentCheck.Line(ArgumentNames.ArchivePurpose, checkedRequest.Purpose);
        return checkedRequest;
    }
}
