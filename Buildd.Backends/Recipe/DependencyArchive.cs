using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Debian.ControlFiles;

namespace Buildd.Backends.Recipe;

/// <summary>
/// A throw-away archive of one source package, by which apt installs the build dependencies of a tree that is no package
/// yet: a description of version 99:0 with the tree's own relations, which is newer than whatever else has that name.
/// </summary>
internal sealed record DependencyArchive
{
    /// <summary>The fields that say what is needed, as they stand in the tree's control file.</summary>
    private static readonly string[] RelationFields = ["Build-Depends", "Build-Depends-Indep", "Build-Conflicts", "Build-Conflicts-Indep"];

    /// <summary>The name of the source package.</summary>
    internal required string Package { get; init; }

    /// <summary>The files of the archive.</summary>
    internal required IReadOnlyDictionary<string, byte[]> Files { get; init; }

    /// <summary>Makes the archive from a tree's control file.</summary>
    /// <exception cref="Buildd.Debian.DebianException">The file can't be read.</exception>
    /// <exception cref="InvalidDataException">It names no package.</exception>
    internal static DependencyArchive From(ReadOnlyMemory<byte> control)
    {
        var source = ControlReader.Read(
            "debian/control", control) is [var first, ..] ? first : throw new InvalidDataException("debian/control is empty");
        var package = source["Source"] ?? throw new InvalidDataException("debian/control does not say what source it is of");
        if (package.Length < 2 || !char.IsAsciiLetterOrDigit(package[0])
            || !package.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.'))
            throw new InvalidDataException("debian/control has a name of a source in it that no package has");

        var relations = new StringBuilder();
        foreach (var name in RelationFields)
        {
            // One line each: a comment or an empty line in between can't end the paragraph.
            if (source[name] is { } value
                && string.Join(
                    ' ', value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } line)
                relations.Append(CultureInfo.InvariantCulture, $"{name}: {line}\n");
        }

        var description =
            $"Format: 1.0\nSource: {package}\nVersion: 99:0\nMaintainer: Build Daemon <buildd@localhost>\nArchitecture: any\n{relations}";
        var dsc = Encoding.UTF8.GetBytes(description);
        var name99 = $"{package}_99.dsc";
        var sources = Encoding.UTF8.GetBytes(
            $"Package: {package}\nBinary: "
                + $"{package}\n{description.Replace($"Source: {package}\n", "", StringComparison.Ordinal)}Directory: .\n"
            + $"Checksums-Sha256:\n {Sum(dsc)} {dsc.Length} {name99}\n\n");
        var release = Encoding.UTF8.GetBytes(
            $"Suite: invalid\nCodename: invalid\nDate: Thu, 01 Jan 1970 00:00:00 UTC\nArchitectures: source\nSHA256:\n {Sum(sources)} "
                + $"{sources.Length} Sources\n");
        return new DependencyArchive
        {
            Package = package,
            Files = new Dictionary<string, byte[]> { [name99] = dsc, ["Sources"] = sources, ["Release"] = release },
        };
    }

    private static string Sum(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
