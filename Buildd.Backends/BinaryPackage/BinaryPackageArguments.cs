using Buildd.Backends.Environments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.BinaryPackage;

/// <summary>What a master can say about the build of a binary package: protocol sections 11 and 12.1.</summary>
internal sealed record BinaryPackageArguments
{
    /// <summary>More would be no list of archives and keys but an attack on the disk.</summary>
    internal const int MaxListEntries = 1000;

    /// <summary>The name of the <c>.dsc</c> among the inputs; of several the last.</summary>
    internal required string Dsc { get; init; }

    /// <summary>The architecture to build for; the slave's own where the master names none.</summary>
    internal required string Architecture { get; init; }

    /// <summary>The series. Masters of 2014 send the suite only, which then stands for it.</summary>
    internal required string Series { get; init; }

    /// <summary>The distribution that sbuild builds for.</summary>
    internal required string Suite { get; init; }

    /// <summary>For the file CurrentlyBuilding.</summary>
    internal required string Component { get; init; }

    /// <summary>For the file CurrentlyBuilding; the reference writes <c>None</c> where there is none.</summary>
    internal required string Purpose { get; init; }

    /// <summary>Lines for sources.list; null leaves the chroot's own. An empty list fails the phase, as in the reference.</summary>
    internal IReadOnlyList<string>? Archives { get; init; }

    /// <summary>OpenPGP keys for apt, decoded.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> TrustedKeys { get; init; } = [];

    /// <summary>Whether architecture-independent packages are built too.</summary>
    internal bool ArchIndep { get; init; }

    /// <summary>Whether packages with debug symbols are made.</summary>
    internal bool BuildDebugSymbols { get; init; }

    /// <summary>The first line of the log, where the master gives one.</summary>
    internal string? BuildUrl { get; init; }

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static BinaryPackageArguments Parse(BuildRequest request)
    {
        var reader = new ArgumentReader(request.Arguments);
        var dsc = request.Files.Keys.LastOrDefault(name => name.EndsWith(".dsc", StringComparison.Ordinal))
            ?? throw new RefusedException("none of the files is a .dsc");
        if (dsc.StartsWith('-'))
            throw new RefusedException($"'{dsc}' would be taken for an option");
        // Its link would stand where the build puts a file or folder of its own, which would then land in the cache.
        if (request.Files.Keys.FirstOrDefault(name => name.StartsWith('.') || name == ChrootEnvironment.FolderName) is { } clash)
            throw new RefusedException($"a file called '{Shown(clash)}' can't be an input: the build has something of its own there");

        return new BinaryPackageArguments
        {
            Dsc = dsc,
            Architecture = Word(Arguments.ArchTag, reader.Text(Arguments.ArchTag) ?? request.DefaultArchitecture),
            Series = Word(Arguments.Series, reader.Text(Arguments.Series) ?? reader.RequiredText(Arguments.Suite)),
            Suite = Word(Arguments.Suite, reader.RequiredText(Arguments.Suite)),
            Component = Line(Arguments.OgreComponent, reader.RequiredText(Arguments.OgreComponent)),
            Purpose = Line(Arguments.ArchivePurpose, reader.Text(Arguments.ArchivePurpose) ?? "None"),
            Archives = ParseArchives(reader.Texts(Arguments.Archives)),
            TrustedKeys = [.. (reader.Texts(Arguments.TrustedKeys) ?? []).Select(DecodeKey)],
            ArchIndep = reader.Flag(Arguments.ArchIndep),
            BuildDebugSymbols = reader.Flag(Arguments.BuildDebugSymbols),
            BuildUrl = reader.Text(Arguments.BuildUrl) is { } url ? Line(Arguments.BuildUrl, url) : null,
        };
    }

    /// <summary>A name that programs get as an argument and that becomes part of file names.</summary>
    private static string Word(string name, string value) =>
        value.Length > 0 && char.IsAsciiLetterOrDigit(value[0]) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_')
            ? value
            : throw new RefusedException($"the argument '{name}' is '{Shown(value)}', which is no name of a suite or an architecture");

    private static string Line(string name, string value) =>
        value.Any(char.IsControl) ? throw new RefusedException($"the argument '{name}' has a control character in it") : value;

    private static IReadOnlyList<string>? ParseArchives(IReadOnlyList<string>? lines)
    {
        if (lines is null)
            return null;
        if (lines.Count > MaxListEntries)
            throw new RefusedException($"the argument '{Arguments.Archives}' has {lines.Count} lines; more than {MaxListEntries} make no sense");
        foreach (var line in lines)
        {
            // The line itself may hold a password, so the message says which it is and not what is in it.
            if (line.Any(char.IsControl) || !(line.StartsWith("deb ", StringComparison.Ordinal) || line.StartsWith("deb-src ", StringComparison.Ordinal)))
                throw new RefusedException($"line {lines.ToList().IndexOf(line) + 1} of the argument '{Arguments.Archives}' is no line of a sources.list");
        }

        return lines;
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

    private static string Shown(string value) => new([.. value.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
}
