using System.Net;
using Buildd.Debian.Apt;
using Buildd.Debian.Packages;
using Buildd.Farm.Mail;
using Buildd.Linux.Files;
using Buildd.Master.Uploads.Checks;
using Npgsql;

namespace Buildd.Farm.Configuration;

/// <summary>
/// The value of a field of the configuration; each reader throws a <see cref="FormatException"/> that says what should be there.
/// </summary>
/// <param name="Text">The value, without blanks around it.</param>
/// <param name="BaseFolder">What relative paths are below.</param>
internal readonly record struct ConfigurationField(string Text, string BaseFolder)
{
    private static readonly char[] Blanks = [' ', '\t', '\n'];

    internal string Folder() => PathOf("a folder");

    internal string File() => PathOf("a file");

    internal IPEndPoint Address() =>
        IPEndPoint.TryParse(Text, out var address) && Text.Contains(':', StringComparison.Ordinal) && !Text.EndsWith(']')
        ? address
        : throw new FormatException("an address and a port, such as 127.0.0.1:8223 or [::]:8223; port 0 is any that is free");

    internal Uri Url() => Uri.TryCreate(Text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0
        && url.Fragment.Length == 0
        ? new Uri(url.AbsoluteUri.TrimEnd('/') + "/")
        : throw new FormatException("an address such as http://farm.example:8223/");

    internal TimeSpan Time() => Durations.TryParse(Text, out var time)
        ? time
        : throw new FormatException(Durations.Expected);

    internal string Name() => FileName.FindMistake(Text) is null && !Text.Contains(' ', StringComparison.Ordinal)
        ? Text
        : throw new FormatException("a name, of which a folder's name is made");

    internal string[] Words() => Text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } words
        ? words
        : throw new FormatException("a program and its arguments");

    internal HashSet<string> WordSet() => Text.Split([.. Blanks, ','], StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } words
        ? words.ToHashSet(StringComparer.Ordinal)
        : throw new FormatException("one or more names");

    /// <summary>Lines of a sources.list; those that apt passes over are not among them.</summary>
    internal string[] Lines()
    {
        try
        {
            string[] lines = [.. Text.Split('\n').Select(line => line.Trim()).Where(line => !ArchiveLine.IsBlank(line))];
            foreach (var line in lines)
                ArchiveLine.Parse(line);
            return lines;
        }
        catch (ArchiveLineException e)
        {
            throw new FormatException($"lines of a sources.list ({e.Message})");
        }
    }

    internal bool YesOrNo() => Text switch
    {
        "yes" => true,
        "no" => false,
        _ => throw new FormatException("yes or no"),
    };

    internal MailPerson Person() => MailPerson.TryParse(Text) ?? throw new FormatException("'Name <address>' or an address");

    internal MailPerson[] People() =>
    [
        .. Text.Split((char[])['\n', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(
                one => MailPerson.TryParse(one) ?? throw new FormatException(
                    $"people with commas between them; {FileName.Display(one)} is neither 'Name <address>' nor an address")),
    ];

    internal PackageTakeover[] Takeovers() =>
    [
        .. Text.Split((char[])['\n', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries) is [var package, var source]
                && IsPattern(package) && IsPattern(source)
                ? new PackageTakeover(package, source)
                : throw new FormatException(
                    "on each line a package and the source that may take it over, such as 'libfoo-dev foo-ng'; * and ? are placeholders")),
    ];

    internal ArchiveChoice Archive() => Text.Split(Blanks, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) switch
    {
        ["directory", var path] => new ArchiveChoice(false, Path.GetFullPath(path, BaseFolder)),
        ["reprepro", var path] => new ArchiveChoice(true, Path.GetFullPath(path, BaseFolder)),
        _ => throw new FormatException("'directory FOLDER' or 'reprepro FOLDER'"),
    };

    /// <summary>The words for a database; null for SQLite's file.</summary>
    internal string? Database()
    {
        const string Expected = "'sqlite', or 'postgresql' and where it is, such as 'postgresql Host=db.example;Database=buildd'";
        switch (Text.Split(Blanks, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            case ["sqlite"]:
                return null;
            case ["postgresql", var words]:
                try
                {
                    var parsed = new NpgsqlConnectionStringBuilder(words);
                    return parsed.Password is null
                        ? parsed.ConnectionString
                        : throw new FormatException("without the password, which stands in a file of its own: Store-Password-File");
                }
                catch (ArgumentException e)
                {
                    throw new FormatException($"{Expected} ({e.Message})");
                }

            default:
                throw new FormatException(Expected);
        }
    }

    internal MailChoice? MailTransport()
    {
        switch (Text.Split(Blanks, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            case ["none"]:
                return null;
            case ["sendmail"]:
                return new MailChoice { Program = SendmailTransport.DefaultProgram };
            case ["sendmail", var program]:
                return new MailChoice { Program = Path.GetFullPath(program, BaseFolder) };
        }

        if (!Uri.TryCreate(Text, UriKind.Absolute, out var url) || !MailChoice.Schemes.Contains(url.Scheme) || url.Host.Length == 0
            || url.AbsolutePath is not ("" or "/"))
            throw new FormatException(
                "'none', 'sendmail', 'sendmail PROGRAM', 'smtp://HOST[:PORT]', 'smtp+tls://[USER@]HOST[:PORT]' or "
                    + "'smtps://[USER@]HOST[:PORT]'");
        if (url.Scheme == MailChoice.PlainScheme && url.UserInfo.Length > 0)
            throw new FormatException("without a user, whose password everybody on the way could read: 'smtp+tls' and 'smtps' have one");
        return url.UserInfo.Contains(':', StringComparison.Ordinal)
            ? throw new FormatException("without the password, which stands in a file of its own: Mail-Password-File")
            : new MailChoice { Server = url };
    }

    private static bool IsPattern(string text) =>
        text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.' or '*' or '?');

    private string PathOf(string what) => Text.Length > 0 && !Text.Contains('\n', StringComparison.Ordinal)
        ? Path.GetFullPath(Text, BaseFolder)
        : throw new FormatException(what);
}
