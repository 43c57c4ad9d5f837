using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Buildd.Slave.Http;

/// <summary>Serves the cache's files and the build log, in parts where a client asks for parts.</summary>
/// <remarks>
/// Differs: only sums and the log's name are looked at, and links are not followed. Whatever else a path holds, it is never
/// joined to the folder; nobody asks for anything else.
/// </remarks>
internal sealed class FileCacheEndpoint(SlaveOptions options, SlaveMeters meters)
{
    /// <summary>The route value that holds what stands behind the folder.</summary>
    internal const string NameKey = "name";

    /// <summary>What the reference's server makes of a name without an extension, which all names here are.</summary>
    private const string FileType = "text/html";

    private static readonly string[] Methods = [HttpMethods.Head, HttpMethods.Get];

    internal async Task HandleAsync(HttpContext http)
    {
        var name = http.Request.RouteValues[NameKey] as string;
        if (string.IsNullOrEmpty(name))
        {
            await AnswerFolderAsync(http).ConfigureAwait(false);
            return;
        }

        if (name.StartsWith('/'))
        {
            await Pages.NoSuchResourceAsync(http).ConfigureAwait(false); // below the list, not below the folder
            return;
        }

        ServedFile? file;
        try
        {
            file = IsServed(name) ? ServedFile.Open(Path.Combine(options.FileCacheDirectory, name)) : null;
        }
        catch (UnauthorizedAccessException)
        {
            http.Response.Headers.AcceptRanges = "bytes";
            await Pages.ForbiddenAsync(http).ConfigureAwait(false);
            return;
        }

        using (file)
        {
            if (file is null)
                await Pages.NoSuchFileAsync(http).ConfigureAwait(false);
            else if (!Methods.Contains(http.Request.Method))
                await Pages.WrongMethodAsync(http, Methods).ConfigureAwait(false);
            else
                await ServeAsync(http, file).ConfigureAwait(false);
        }
    }

    /// <summary>Whether files of that name are for everybody.</summary>
    internal static bool IsServed(string name) => name == WireNames.BuildLog || Sha1.TryParse(name, out _);

    private Task AnswerFolderAsync(HttpContext http)
    {
        var path = http.Request.PathBase.Add(http.Request.Path).ToUriComponent();
        var hasSlash = path.EndsWith('/');
        if (hasSlash && !options.Endpoints.FileListing)
            return Pages.NoSuchFileAsync(http);
        if (!Methods.Contains(http.Request.Method))
            return Pages.WrongMethodAsync(http, Methods);
        return hasSlash
            ? FileListing.WriteAsync(http, options.FileCacheDirectory)
            : Pages.RedirectAsync(http, $"{path}/{http.Request.QueryString.ToUriComponent()}");
    }

    private async Task ServeAsync(HttpContext http, ServedFile file)
    {
        var response = http.Response;
        // Logs and results are HTML to a browser, by the reference's type, and were written by whoever was built.
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.AcceptRanges = "bytes";
        response.GetTypedHeaders().LastModified = file.LastWriteTime;
        if (IsUnchanged(http.Request, file))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.ContentLength = 0;
            return;
        }

        response.ContentType = FileType;
        var several = false;
        if (http.Request.Method == HttpMethods.Head || FilePart.Select(http.Request, file.Length, out several) is not { } parts)
        {
            response.ContentLength = file.Length;
            if (http.Request.Method == HttpMethods.Get)
                await CopyAsync(http, file, new FilePart(0, file.Length)).ConfigureAwait(false);
        }
        else if (parts.Count == 0)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            http.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "Requested Range not satisfiable";
            response.Headers.ContentRange = FilePart.SpellNone(file.Length);
            response.ContentLength = 0;
        }
        else if (several)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            await ServePartsAsync(http, file, parts).ConfigureAwait(false);
        }
        else
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = parts[0].Spell(file.Length);
            response.ContentLength = parts[0].Count;
            await CopyAsync(http, file, parts[0]).ConfigureAwait(false);
        }
    }

    /// <summary>Times in HTTP have whole seconds. A time that can't be read is as good as none.</summary>
    private static bool IsUnchanged(HttpRequest request, ServedFile file) =>
        request.GetTypedHeaders().IfModifiedSince is { } since && file.LastWriteTime.ToUnixTimeSeconds() <= since.ToUnixTimeSeconds();

    /// <summary>Parts with a head each (RFC 9110 section 14.6), spelled as the reference does.</summary>
    private async Task ServePartsAsync(HttpContext http, ServedFile file, IReadOnlyList<FilePart> parts)
    {
        const int BoundaryDigits = 14;
        var boundary = RandomNumberGenerator.GetHexString(BoundaryDigits, lowercase: true);
        byte[][] heads = [.. parts.Select(part => Encoding.ASCII.GetBytes(
            $"\r\n--{boundary}\r\nContent-type: {FileType}\r\nContent-range: {part.Spell(file.Length)}\r\n\r\n"))];
        var end = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        http.Response.ContentType = $"multipart/byteranges; boundary=\"{boundary}\"";
        http.Response.ContentLength = heads.Sum(head => head.Length) + parts.Sum(part => part.Count) + end.Length;
        foreach (var (head, part) in heads.Zip(parts))
        {
            await http.Response.BodyWriter.WriteAsync(head, http.RequestAborted).ConfigureAwait(false);
            if (!await CopyAsync(http, file, part).ConfigureAwait(false))
                return;
        }

        await http.Response.BodyWriter.WriteAsync(end, http.RequestAborted).ConfigureAwait(false);
    }

    private async Task<bool> CopyAsync(HttpContext http, ServedFile file, FilePart part)
    {
        // Once the head is out, the server's own buffers are read into.
        await http.Response.StartAsync(http.RequestAborted).ConfigureAwait(false);
        if (await file.CopyToAsync(http.Response.BodyWriter, part, http.RequestAborted).ConfigureAwait(false))
        {
            meters.Served(part.Count);
            return true;
        }

        http.Abort(); // the length has been promised: the client has to see that this is not all
        return false;
    }
}
