using Buildd.Debian.Apt;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.DebianBuilds;

/// <summary>What a master can say about every build that takes place in a Debian system: protocol section 11.</summary>
internal sealed record DebianArguments
{
    /// <summary>More would be no list of archives and keys but an attack on the disk.</summary>
    internal const int MaxListEntries = 1000;

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

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static DebianArguments Parse(BuildRequest request)
    {
        var reader = new ArgumentReader(request.Arguments);
        // Its link would stand where the build puts a file or folder of its own, which would then land in the cache.
        if (request.Files.Keys.FirstOrDefault(name => name.StartsWith('.') || name == Root.BuildLayout.Chroot) is { } clash)
            throw new RefusedException(
                $"a file called '{ArgumentReader.Shown(clash)}' can't be an input: the build has something of its own there");

        reader.Flag(Arguments.ArchivePrivate); // the slave has looked at it for the log, whatever its type is
        return new DebianArguments
        {
            ImageType = ArgumentReader.Word(Arguments.ImageType, reader.Text(Arguments.ImageType) ?? ChrootImage),
            FastCleanup = reader.Flag(Arguments.FastCleanup),
            BuilderConstraints =
                [.. (reader.Texts(Arguments.BuilderConstraints) ?? []).Select(name => ArgumentReader.Line(Arguments.BuilderConstraints,
                    name))],
            Architecture = ArgumentReader.Word(Arguments.ArchTag, reader.Text(Arguments.ArchTag) ?? request.DefaultArchitecture),
            Series = ArgumentReader.Word(Arguments.Series, reader.Text(Arguments.Series) ?? reader.RequiredText(Arguments.Suite)),
            Archives = ParseArchives(reader.Texts(Arguments.Archives)),
            TrustedKeys = [.. (reader.Texts(Arguments.TrustedKeys) ?? []).Select(DecodeKey)],
            BuildUrl = reader.Text(Arguments.BuildUrl) is { } url ? ArgumentReader.Line(Arguments.BuildUrl, url) : null,
        };
    }

    private static List<ArchiveLine>? ParseArchives(IReadOnlyList<string>? lines)
    {
        if (lines?.Count > MaxListEntries)
            throw new RefusedException(
                $"the argument '{Arguments.Archives}' has {lines.Count} lines; more than {MaxListEntries} make no sense");
        return lines?.Select(ParseArchive).OfType<ArchiveLine>().ToList();
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
                $"line {index + 1} of the argument '{Arguments.Archives}' is no line of a sources.list: {e.Message}", e);
        }
    }

    private static ReadOnlyMemory<byte> DecodeKey(string text, int index)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw new RefusedException($"entry {index + 1} of the argument '{Arguments.TrustedKeys}' is not base64", e);
        }
    }
}
