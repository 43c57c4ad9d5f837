using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs;

/// <summary>The arguments of an image, whichever tool makes it, checked.</summary>
internal sealed record ImageArguments
{
    /// <summary>The longest name of a project: it stands in the names of results.</summary>
    internal const int MaxProjectCharacters = 100;

    /// <summary>What every kind of build has.</summary>
    internal required DebianArguments System { get; init; }

    /// <summary>What is built, such as <c>ubuntu-server</c> or a board's name; results are called <c>livecd.PROJECT.EXT</c>.</summary>
    internal required string Project { get; init; }

    /// <summary>
    /// The image's version, beginning with its date: <c>20240501</c>, <c>20240501.2</c>, <c>20240501-093000</c>; null where there is none.
    /// </summary>
    internal string? DateStamp { get; init; }

    /// <summary>The moment that the tool takes for now, so that the same inputs give the same image; null where no date is given.</summary>
    internal long? SourceDateEpoch => DateStamp is null ? null : LiveFs.DateStamp.ToEpoch(DateStamp);

    /// <exception cref="RefusedException">Something can't be what it says.</exception>
    internal static ImageArguments Check(DebianArguments system, LiveFsArguments arguments)
    {
        var project = arguments.Project;
        if (project.Length > MaxProjectCharacters)
            throw new RefusedException(
                $"the argument '{ArgumentNames.Project}' has {project.Length} characters; {MaxProjectCharacters} are the most");
        return new ImageArguments
        {
            System = system,
            Project = ArgumentCheck.Name(ArgumentNames.Project, project),
            DateStamp = ArgumentCheck.OneLine(ArgumentNames.DateStamp, arguments.DateStamp),
        };
    }
}
