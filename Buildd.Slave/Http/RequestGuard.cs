using System.Net;
using Buildd.Protocol.Messages;
using Microsoft.AspNetCore.Http;

namespace Buildd.Slave.Http;

/// <summary>
/// Refuses what only a browser sends that some page on the web has told to, and requests that two readers would cut apart differently.
/// </summary>
/// <remarks>
/// Differs: the reference takes all of it. Who opens a page in a browser on the builder's machine, or near it, would let that page have
/// things built, as root on a machine without rules. A slave that listens beyond loopback is kept from rebinding of names by
/// <c>allow</c> and <c>token-file</c> only: its own names are not known here.
/// </remarks>
internal static class RequestGuard
{
    /// <summary>The header field in which the server keeps a length that it ignores, since the body comes in chunks.</summary>
    private const string UnusedLength = "X-Content-Length";

    /// <summary>Puts the guard before an endpoint.</summary>
    internal static RequestDelegate Before(RequestDelegate next) => http =>
        FindMistake(http) is var (status, sentence) ? Pages.RefusedAsync(http, status, sentence) : next(http);

    private static (int Status, string Sentence)? FindMistake(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (headers.ContainsKey(UnusedLength) && headers.TransferEncoding.Count > 0)
            return (StatusCodes.Status400BadRequest, "A request has a Content-Length or a Transfer-Encoding, and this one has both.");
        if (IsRebound(http))
            return (StatusCodes.Status403Forbidden,
                "This address is for programs on this machine, and the request is for a host of another name: use 127.0.0.1 or localhost.");
        return http.Request.Method == HttpMethods.Post && IsOfAnotherSite(headers)
            ? (StatusCodes.Status403Forbidden, $"Calls at /{WireNames.RpcPath} are for programs, and a browser sent this one for a page.")
            : null;
    }

    /// <summary>Browsers tell where a request comes from with every POST to another site, whatever the page wants.</summary>
    private static bool IsOfAnotherSite(IHeaderDictionary headers) =>
        headers.Origin.Count > 0 || headers["Sec-Fetch-Site"] is { Count: > 0 } site && site is not ["none"] and not ["same-origin"];

    /// <summary>
    /// Whether a name that is not this machine's led here: a page's own server may give its name the address 127.0.0.1, and the browser
    /// then takes the slave for that server.
    /// </summary>
    private static bool IsRebound(HttpContext http)
    {
        if (http.Connection.LocalIpAddress is not { } local || !IPAddress.IsLoopback(local)
            || http.Request.Host.Host is not { Length: > 0 } host)
        {
            return false;
        }

        host = host.TrimEnd('.');
        return !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            && !host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            && !IPAddress.TryParse(host.AsSpan().Trim("[]"), out _)
            && !host.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase);
    }
}
