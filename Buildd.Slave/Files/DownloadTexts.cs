using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Buildd.Linux.Text;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Files;

/// <summary>
/// What <c>ensurepresent</c> answers when a download fails. People read it in the master's log, so what a call was given as
/// a password is taken out, whoever put it in, and what can't be printed.
/// </summary>
internal sealed class DownloadTexts(EnsurePresentCall call)
{
    /// <summary>The reference's text for a wrong sum, and for a body shorter than it was said to be.</summary>
    internal const string Mismatch = "Digests did not match, removing again!";

    /// <summary>How much is repeated of what a server or the master says; a line of a log.</summary>
    private const int MaxQuoted = 200;

    private const string Prefix = "Error accessing Librarian: ";

    internal string CredentialsInUrl => Tell("<urlopen error credentials are not taken from the URL: pass them as user name and password>");

    internal string TimedOut => Tell("<urlopen error timed out>");

    internal string TooSlow(long bytes, TimeSpan time) => Tell(
        string.Create(
            CultureInfo.InvariantCulture, $"<urlopen error the server is too slow: {bytes} bytes in {time.TotalSeconds:0} seconds>"));

    internal string Reset => Tell("<urlopen error [Errno 104] Connection reset by peer>");

    /// <summary>The reference quotes a text that begins with no scheme, and names the scheme otherwise.</summary>
    internal string UnknownUrlType
    {
        get
        {
            var url = call.Url ?? "";
            var colon = url.IndexOf(':', StringComparison.Ordinal);
            var hasScheme = colon > 0 && char.IsAsciiLetter(url[0])
                && url[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
            return hasScheme
                ? Tell(url[..colon] is "http" or "https"
                    ? "<urlopen error the URL is malformed>"
                    : $"<urlopen error unknown url type: {Quote(url[..colon])}>")
                : Tell($"unknown url type: '{(url.Contains('@', StringComparison.Ordinal) ? "…" : Quote(url))}'");
        }
    }

    internal static string WithCode(HttpResponseMessage response) => $"HTTP Error {(int)response.StatusCode}: ";

    internal string Refused(HttpResponseMessage response) => Tell(WithCode(response) + Quote(response.ReasonPhrase ?? ""));

    internal string RedirectedElsewhere(HttpResponseMessage response) =>
        Tell($"{WithCode(response)}{Quote(response.ReasonPhrase ?? "")} - Redirection to that URL is not allowed");

    internal string HostNotAllowed(Uri url) => Tell($"<urlopen error files are not to be fetched from {Quote(url.Authority)}>");

    internal string RedirectLoop(HttpResponseMessage response) => Tell(
        $"{WithCode(response)}The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error "
            + $"message was:\n{Quote(response.ReasonPhrase ?? "")}");

    internal string Unreachable(HttpRequestException e) => Tell(e switch
    {
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            "<urlopen error [Errno 111] Connection refused>",
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound } } =>
            "<urlopen error [Errno -2] Name or service not known>",
        { InnerException: SocketException { SocketErrorCode: SocketError.TryAgain } } =>
            "<urlopen error [Errno -3] Temporary failure in name resolution>",
        { InnerException: SocketException s } => $"<urlopen error {Quote(s.Message)}>",
        { InnerException: AuthenticationException a } => $"<urlopen error the server can't be trusted: {Quote(a.Message)}>",
        { HttpRequestError: HttpRequestError.InvalidResponse } => "the server does not speak HTTP",
        { InnerException: HttpIOException } => "Remote end closed connection without response",
        _ => $"<urlopen error {e.HttpRequestError}>",
    });

    /// <summary>
    /// Whether a server that could not be spoken to may be there again in a moment. What a name or a certificate is stays.
    /// </summary>
    internal static bool MayPass(HttpRequestException e) => e switch
    {
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound } } => false,
        { InnerException: SocketException or HttpIOException } => true,
        { InnerException: AuthenticationException } or { HttpRequestError: HttpRequestError.InvalidResponse } => false,
        { InnerException: IOException } => true,
        _ => false,
    };

    /// <summary>An address for a log, without what follows its path: that may be a token which opens a private file.</summary>
    internal string Address(Uri url) => Redact(Quote(url.GetLeftPart(UriPartial.Path)));

    private string Tell(string text) => Prefix + Redact(text);

    private string Redact(string text)
    {
        // The secret as it is, as it is in a URL, and as it goes over the wire.
        if (call.Password.Length > 0)
        {
            text = text
                .Replace(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{call.UserName}:{call.Password}")), "…", StringComparison.Ordinal)
                .Replace(Uri.EscapeDataString(call.Password), "…", StringComparison.OrdinalIgnoreCase)
                .Replace(call.Password, "…", StringComparison.Ordinal);
        }

        return text;
    }

    private static string Quote(string text) => Printable.Line(text, MaxQuoted) + (text.Length > MaxQuoted ? "…" : "");
}
