using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Buildd.Slave.Http;

/// <summary>The answers that are a page for people. Their bytes are the reference's, as far as they were recorded.</summary>
internal static class Pages
{
    private const string PageType = "text/html; charset=utf-8";

    internal static Task NoSuchResourceAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status404NotFound, "No Such Resource", "Sorry. No luck finding that resource.");

    internal static Task NoSuchFileAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status404NotFound, "No Such Resource", "File not found.");

    internal static Task ForbiddenAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status403Forbidden, "Forbidden Resource", "Sorry, resource is forbidden.");

    /// <summary>For what the reference would have taken.</summary>
    internal static Task RefusedAsync(HttpContext http, int status, string sentence)
    {
        http.Response.Headers.Connection = "close";
        return WriteAsync(http, status, "Refused", Encode(sentence));
    }

    /// <summary>405 for the methods that the reference knows, 501 for all others. Differs: HEAD of a call is 405 too and not 500.</summary>
    /// <param name="http">The request, whose method is none of the allowed ones.</param>
    /// <param name="allowed">The methods that are allowed.</param>
    internal static Task WrongMethodAsync(HttpContext http, params string[] allowed)
    {
        var method = http.Request.Method;
        if (method != HttpMethods.Get && method != HttpMethods.Head && method != HttpMethods.Post)
            return WriteAsync(http, StatusCodes.Status501NotImplemented, "Huh?", $"I don't know how to treat a {Encode(method)} request.");

        var list = string.Join(", ", allowed);
        http.Response.Headers.Allow = list;
        return WriteAsync(
            http,
            StatusCodes.Status405MethodNotAllowed,
            "Method Not Allowed",
            $"Your browser approached me (at {Encode(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)}) with the "
                + $"method \"{method}\".  "
            + $"I only allow the method{(allowed.Length == 1 ? "" : "s")} {list} here.");
    }

    internal static Task RedirectAsync(HttpContext http, string location)
    {
        // The server takes control characters in a query; no header can hold them.
        location = string.Concat(location.Select(c => c is > ' ' and <= '~' ? c.ToString() : Uri.EscapeDataString(c.ToString())));
        http.Response.Headers.Location = location;
        var link = Encode(location);
        return WriteAsync(
            http,
            StatusCodes.Status302Found,
            $"""

            <html>
                <head>
                    <meta http-equiv="refresh" content="0;URL={link}">
                </head>
                <body bgcolor="#FFFFFF" text="#000000">
                <a href="{link}">click here</a>
                </body>
            </html>

            """);
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static Task WriteAsync(HttpContext http, int status, string title, string sentence) => WriteAsync(
        http,
        status,
        $"""

        <html>
          <head><title>{status} - {title}</title></head>
          <body>
            <h1>{title}</h1>
            <p>{sentence}</p>
          </body>
        </html>

        """);

    private static async Task WriteAsync(HttpContext http, int status, string page)
    {
        var bytes = Encoding.UTF8.GetBytes(page);
        http.Response.StatusCode = status;
        http.Response.ContentType = PageType;
        http.Response.ContentLength = bytes.Length;
        if (http.Request.Method != HttpMethods.Head)
            await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
    }
}
