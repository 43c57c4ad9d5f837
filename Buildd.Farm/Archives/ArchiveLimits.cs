using Buildd.Debian.Apt;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Linux.Files;

namespace Buildd.Farm.Archives;

/// <summary>What can be said of an archive.</summary>
internal static class ArchiveLimits
{
    /// <summary>The most components of an archive.</summary>
    internal const int MaxComponents = 50;

    /// <summary>The most architectures of an archive.</summary>
    internal const int MaxArchitectures = 100;

    /// <summary>The most lines for other archives of one.</summary>
    internal const int MaxExternalLines = 50;

    /// <summary>The longest line, in characters.</summary>
    internal const int MaxLineLength = 1000;

    /// <summary>The longest address of an archive, in characters.</summary>
    internal const int MaxUrlLength = 500;

    /// <summary>The longest folder of a publication, in characters.</summary>
    internal const int MaxPublicationLength = 500;

    /// <summary>The most archives that one depends on.</summary>
    internal const int MaxDependencies = 100;

    /// <summary>The highest relative score; the lowest is its negative. Scores by rule are below 10,000.</summary>
    internal const int MaxScore = 1_000_000;

    /// <summary>The lengths of fingerprints, in digits: of OpenPGP's versions 4 and 6.</summary>
    private static readonly int[] FingerprintLengths = [40, 64];

    /// <exception cref="FarmException">Something can't be said of an archive.</exception>
    internal static void Check(Archive archive)
    {
        Names.Check(archive.Name, "archive");
        if (archive.Purpose == ArchivePurpose.Primary && archive.Name != Archive.PrimaryName)
            throw FarmException.Invalid($"a primary archive is called {Archive.PrimaryName}");
        if (!Enum.IsDefined(archive.Purpose))
            throw FarmException.Invalid($"there is no purpose of archives with the number {(int)archive.Purpose}");
        Texts.CheckLine(archive.DisplayName, "display name");
        Texts.CheckDescription(archive.Description);
        if (archive.RelativeScore is < -MaxScore or > MaxScore)
            throw FarmException.Invalid($"a relative score is a number from {-MaxScore} to {MaxScore}");
        Texts.CheckNames(archive.Components, MaxComponents, "component");
        if (archive.Components.Count == 0)
            throw FarmException.Invalid("an archive has at least one component");
        Texts.CheckNames(archive.Architectures, MaxArchitectures, "architecture");
        if (archive.Url is { } url)
            CheckUrl(url);
        if (archive.ExternalLines.Count > MaxExternalLines)
            throw FarmException.Invalid($"there are {archive.ExternalLines.Count} lines for apt, and there can be {MaxExternalLines}");
        foreach (var line in archive.ExternalLines)
            CheckLine(line);
        if (archive.SigningKey is { } key && !(FingerprintLengths.Contains(key.Length) && key.All(IsDigit)))
            throw FarmException.Invalid($"{FileName.Display(key)} is no fingerprint of a key: 40 or 64 hexadecimal digits in capitals are");
        if (archive.Publication is { } publication)
            CheckPublication(publication);
    }

    private static bool IsDigit(char c) => c is (>= '0' and <= '9') or (>= 'A' and <= 'F');

    private static void CheckUrl(string url)
    {
        if (url.Length <= MaxUrlLength && url.All(c => char.IsAscii(c) && c is > ' ' and not ('"' or '[' or ']' or '#' or '\u007f'))
            && Uri.TryCreate(url, UriKind.Absolute, out var parsed)
            && parsed is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" }
            && Line($"deb {url} series main") is { HasCredentials: false } line && line.Uri == url)
            return;
        // It is not shown: there may be a password in it.
        throw FarmException.Invalid(
            "that is no address of an archive: one such as http://deb.debian.org/debian is expected, without user, password and query, "
            + $"of at most {MaxUrlLength} characters");
    }

    private static void CheckLine(string text)
    {
        if (text.Length > MaxLineLength)
            throw FarmException.Invalid($"a line for apt has {text.Length} characters, and can have {MaxLineLength}");
        Texts.CheckUnicode(text, "line for apt");
        ArchiveLine line;
        try
        {
            line = ArchiveLine.Parse(AptLines.Fill(text, "series"));
        }
        catch (ArchiveLineException e)
        {
            throw FarmException.Invalid($"a line for apt is none: {e.Message}"); // nor is this: the message quotes nothing
        }

        if (line.HasCredentials)
            throw FarmException.Invalid("a line for apt has a user or a password in it: everybody who sees the archive would see them");
    }

    private static ArchiveLine? Line(string text)
    {
        try
        {
            return ArchiveLine.Parse(text);
        }
        catch (ArchiveLineException)
        {
            return null; // the caller says what is wrong
        }
    }

    private static void CheckPublication(string publication)
    {
        var (kind, folder) = publication.Split(' ', 2) is [var first, var rest] ? (first, rest) : ("", "");
        Texts.CheckUnicode(publication, "publication");
        if (publication.Length > MaxPublicationLength || publication.Any(char.IsControl) || kind is not ("directory" or "reprepro")
            || !Path.IsPathFullyQualified(folder) || folder is "/" || Path.GetFullPath(folder) != folder || folder.EndsWith('/'))
        {
            throw FarmException.Invalid(
                $"{FileName.Display(publication)} is no publication: 'directory /srv/archive' and 'reprepro /srv/archive' are");
        }
    }
}
