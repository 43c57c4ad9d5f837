using System.CommandLine;
using System.Globalization;
using Buildd.Linux.Files;

namespace Buildd.Cli.Commands.People;

/// <summary>The option that says when something ends by itself.</summary>
internal static class Until
{
    private static readonly string[] Forms = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    internal static Option<string?> Option(string description) =>
        new("--expires") { Description = $"{description}: a day such as 2027-01-31, or 2027-01-31T12:00:00Z.", HelpName = "TIME" };

    /// <summary>The time that was given, in UTC; null when none was.</summary>
    /// <exception cref="FarmException">It is no time.</exception>
    internal static DateTimeOffset? Read(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is not { } text
        ? null
        : DateTimeOffset.TryParseExact(
            text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw FarmException.Invalid($"{FileName.Display(text)} is no time, such as 2027-01-31 or 2027-01-31T12:00:00Z");
}
