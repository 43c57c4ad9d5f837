using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.Mmdebstrap;

/// <summary>The arguments of a root file system that mmdebstrap makes, checked.</summary>
internal sealed record MmdebstrapArguments
{
    internal const string SquashFs = "squashfs";

    private static readonly string[] Formats = [SquashFs, "tar", "tar.gz", "tar.xz", "tar.zst"];

    private static readonly string[] Variants = ["minbase", "apt", "essential", "buildd", "important", "standard"];

    /// <summary>The image's form, and the end of its name; squashfs by default.</summary>
    internal string Format { get; init; } = SquashFs;

    /// <summary>Which packages there are beside those named; <c>minbase</c> by default.</summary>
    internal string Variant { get; init; } = Variants[0];

    /// <summary>Further packages; none by default.</summary>
    internal IReadOnlyList<string> Packages { get; init; } = [];

    /// <exception cref="RefusedException">Something can't be what it says.</exception>
    internal static MmdebstrapArguments Check(LiveFsArguments arguments) => new()
    {
        Format = OneOf(ArgumentNames.ImageFormat, arguments.ImageFormat ?? Formats[0], Formats),
        Variant = OneOf(ArgumentNames.Variant, arguments.Variant ?? Variants[0], Variants),
        Packages = [.. ArgumentCheck.Lines(ArgumentNames.Packages, arguments.Packages).Select(ParsePackage)],
    };

    private static string OneOf(string name, string value, string[] all) => all.Contains(value)
        ? value
        : throw new RefusedException(
            $"the argument '{name}' is '{ArgumentCheck.Shown(value)}'; it has to be one of {string.Join(", ", all)}");

    /// <summary>A package's name, as policy has it; mmdebstrap would take more, such as patterns and files.</summary>
    private static string ParsePackage(string name) =>
        name.Length > 1 && char.IsAsciiLetterOrDigit(name[0])
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '+' or '.' or ':')
            ? name
            : throw new RefusedException(
                $"the argument '{ArgumentNames.Packages}' has '{ArgumentCheck.Shown(name)}' in it, which is no name of a package");
}
