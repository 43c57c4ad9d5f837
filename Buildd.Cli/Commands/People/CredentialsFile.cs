using Buildd.Farm.People;

namespace Buildd.Cli.Commands.People;

/// <summary>
/// The file of credentials that launchpadlib reads with Python's ConfigParser: <c>Launchpad.login_with(credentials_file=…)</c>, or the
/// variable LP_CREDENTIALS_FILE.
/// </summary>
internal static class CredentialsFile
{
    /// <summary>Returns the whole file. The section's name is the version of the format; a consumer has no secret.</summary>
    internal static string Write(NewToken made) =>
        $"""
        [1]
        consumer_key = {made.Token.Consumer.Replace("%", "%%", StringComparison.Ordinal)}
        consumer_secret =
        access_token = {made.Token.Key}
        access_secret = {made.Secret}

        """;
}
