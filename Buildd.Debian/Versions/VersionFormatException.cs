using Buildd.Linux.Files;
namespace Buildd.Debian.Versions;

/// <summary>A text that is no version of a package; see <see cref="DebianVersion.Parse"/>.</summary>
/// <param name="text">The text as it came.</param>
/// <param name="mistake">What is wrong with it, in a few words.</param>
public sealed class VersionFormatException(string text, string mistake)
    : DebianException($"{FileName.Display(text)} is no version of a package: {mistake}.")
{
    /// <summary>What is wrong with the version, in a few words.</summary>
    public string Mistake { get; } = mistake;
}
