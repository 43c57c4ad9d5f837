using Buildd.Debian.Apt;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.DebianBuilds;

/// <summary>The arguments of every build that takes place in a Debian system, checked: protocol section 11.</summary>
internal sealed record DebianArguments
{
    /// <summary>A tarball with one top folder: the only kind of image that there is an environment for.</summary>
    internal const string ChrootImage = "chroot";

    /// <summary>The architecture to build for; the slave's own where the master names none.</summary>
    internal required string Architecture { get; init; }

    /// <summary>The series. Masters of 2014 send the suite only, which then stands for it.</summary>
    internal required string Series { get; init; }

    /// <summary>
    /// Lines for sources.list, without those that are blank or only a comment; null leaves the chroot's own. An empty list fails the
    /// phase, as in the reference.
    /// </summary>
    internal IReadOnlyList<ArchiveLine>? Archives { get; init; }

    /// <summary>OpenPGP keys for apt, decoded.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> TrustedKeys { get; init; } = [];

    /// <summary>What kind of file the chroot is; <see cref="ChrootImage"/> unless the master says otherwise.</summary>
    internal string ImageType { get; init; } = ChrootImage;

    /// <summary>Whether the system is left as it is once nothing runs in it any more: the machine is thrown away.</summary>
    internal bool FastCleanup { get; init; }

    /// <summary>
    /// What the master wanted of the machine that it chose. None has an effect in a system of ours: the one that has with the
    /// reference, <c>gpu-nvidia</c>, is for containers of LXD.
    /// </summary>
    internal IReadOnlyList<string> BuilderConstraints { get; init; } = [];

    /// <summary>The first line of the log, where the master gives one.</summary>
    internal string? BuildUrl { get; init; }

    /// <exception cref="RefusedException">Something can't be what it says.</exception>
    internal static DebianArguments Check(BuildRequest request, BuildArguments arguments)
    {
        // Its link would stand where the build puts a file or folder of its own, which would then land in the cache.
        if (request.Files.Keys.FirstOrDefault(name => name.StartsWith('.') || name == Root.BuildLayout.Chroot) is { } clash)
            throw new RefusedException(
                $"a file called '{ArgumentCheck.Shown(clash)}' can't be an input: the build has something of its own there");

        ArgumentCheck.Count(ArgumentNames.Archives, arguments.Archives?.Count ?? 0, "lines");
        return new DebianArguments
        {
            ImageType = ArgumentCheck.Word(ArgumentNames.ImageType, arguments.ImageType ?? ChrootImage),
            FastCleanup = arguments.FastCleanup,
            BuilderConstraints = ArgumentCheck.Lines(ArgumentNames.BuilderConstraints, arguments.BuilderConstraints),
            Architecture = ArgumentCheck.Word(ArgumentNames.ArchTag, arguments.ArchTag),
            Series = ArgumentCheck.Word(ArgumentNames.Series, arguments.Series),
            Archives = arguments.Archives?.Select(ParseArchive).OfType<ArchiveLine>().ToList(),
            TrustedKeys = arguments.TrustedKeys,
            BuildUrl = ArgumentCheck.OneLine(ArgumentNames.BuildUrl, arguments.BuildUrl),
        };
    }

    /// <summary>Null is a line that apt passes over.</summary>
    private static ArchiveLine? ParseArchive(string line, int index)
    {
        try
        {
            return ArchiveLine.IsBlank(line) ? null : ArchiveLine.Parse(line);
        }
        catch (ArchiveLineException e)
        {
            // The line itself may hold a password, so the message says which it is and not what is in it.
            throw new RefusedException(
                $"line {index + 1} of the argument '{ArgumentNames.Archives}' is no line of a sources.list: {e.Message}", e);
        }
    }
}
