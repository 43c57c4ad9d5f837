using System.Security.Cryptography;
using System.Text;
using Buildd.Debian.Packages;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;

namespace Buildd.Master.Mail;

/// <summary>What the mails about all kinds of build say alike.</summary>
internal static class BuildTexts
{
    /// <summary>What mail programs take for the beginning of a signature; it ends in a blank.</summary>
    public const string Separator = "-- ";

    public static string Archive(Build build, BuildDescription description) => description.Purpose switch
    {
        ArchivePurpose.Ppa => $"{description.ArchiveReference ?? build.Archive} PPA",
        ArchivePurpose.Copy => description.ArchiveReference ?? build.Archive,
        _ => $"{build.Distribution} primary archive",
    };
}

/// <summary>
/// Identifies mails about builds: one that is sent a second time, because a process was killed before it noted the first, is the
/// same, and one about another attempt or another state is another.
/// </summary>
internal static class BuildMailId
{
    private const int Digits = 32;

    public static string Of(Build build, MailPerson to) =>
        Of($"{build.Cookie} {build.Attempt} {build.State} {build.Leaf} {build.Reason}", to);

    public static string Of(string about, MailPerson to) =>
        "buildd-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{about} {to.Address}")))[..Digits];
}
