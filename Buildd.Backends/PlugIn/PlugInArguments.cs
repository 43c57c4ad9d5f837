using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.PlugIn;

/// <summary>The few arguments of a build that every kind has; the rest is the plug-in's own affair.</summary>
internal sealed record PlugInArguments
{
    /// <summary>The folders that the build has beside the links to its inputs.</summary>
    internal const string WorkFolder = "work";

    /// <inheritdoc cref="WorkFolder"/>
    internal const string ResultsFolder = "results";

    /// <summary>The series, or where a master sends none, the suite.</summary>
    internal required string Series { get; init; }

    /// <summary>The architecture to build for; the slave's own where the master names none.</summary>
    internal required string Architecture { get; init; }

    /// <summary>The first line of the log, where the master gives one.</summary>
    internal string? BuildUrl { get; init; }

    /// <exception cref="RefusedException">Something is missing, of another type, or in the way.</exception>
    internal static PlugInArguments Parse(BuildRequest request)
    {
        if (request.Files.Keys.FirstOrDefault(name => name is WorkFolder or ResultsFolder) is { } clash)
            throw new RefusedException($"a file called '{clash}' can't be an input: the build has a folder of its own there");
        return ArgumentCheck.Read(request, (arguments, defaultArchitecture) =>
        {
            var reader = new ArgumentReader(arguments);
            return new PlugInArguments
            {
                Series = reader.Text(ArgumentNames.Series) ?? reader.Text(ArgumentNames.Suite)
                    ?? throw new RefusedException($"neither the argument '{ArgumentNames.Series}' nor '{ArgumentNames.Suite}' is there"),
                Architecture = reader.Text(ArgumentNames.ArchTag) ?? defaultArchitecture,
                BuildUrl = ArgumentCheck.OneLine(ArgumentNames.BuildUrl, reader.Text(ArgumentNames.BuildUrl)),
            };
        });
    }
}
