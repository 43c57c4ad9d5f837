using System.Net.Http.Headers;
using System.Text;
using Buildd.Protocol.Secrets;

namespace Buildd.Protocol.Client;

/// <summary>What can be made of a slave's base URL.</summary>
internal static class SlaveUrl
{
    /// <summary>
    /// Refuses an answer of another address than the one that was asked: the transport has followed a redirect, which may have led from a
    /// slave to anything that we reach.
    /// </summary>
    /// <exception cref="SlaveProtocolException">It is another's.</exception>
    public static void RequireAnswerOf(Uri asked, HttpRequestMessage request, string what)
    {
        if (request.RequestUri is { } answered && answered != asked)
        {
            throw new SlaveProtocolException(
                $"{what}: the slave has led elsewhere, and the transport followed: its handler needs AllowAutoRedirect = false.");
        }
    }

    /// <summary>What is below it.</summary>
    /// <param name="url">The base, with or without a final slash.</param>
    /// <param name="path">Escaped, without a slash at the start.</param>
    public static Uri Below(Uri url, string path) => new($"{UrlCredentials.Without(url).AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>The header for the URL's credentials, or null if it has none.</summary>
    public static AuthenticationHeaderValue? Credentials(Uri url) => url.UserInfo.Length == 0
        ? null
        : new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo))));

    /// <exception cref="ArgumentException">It is no base URL.</exception>
    public static void Check(Uri url)
    {
        if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https") || url.Query != "" || url.Fragment != "")
        {
            throw new ArgumentException(
                $"{UrlCredentials.Without(url)} is no base URL: it has to begin with http or https and end with a path.");
        }
    }
}
