using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Buildd.Slave.Http;

/// <summary>Serves the cache's files and the build log, in parts where a client asks for a part.</summary>
/// <remarks>
/// Only sums and the log's name are looked at: whatever else a path holds, it is never joined to the folder. Of several
/// ranges none is served, the whole file is, as RFC 9110 section 14.2 allows.
/// </remarks>
internal sealed class FileCacheEndpoint(SlaveOptions options, FileCache cache)
{
    /// <summary>What the reference's server makes of a name without an extension, which all names here are.</summary>
    private const string FileType = "text/html";

    internal async Task HandleAsync(HttpContext http)
    {
        var name = http.Request.RouteValues["name"] as string ?? "";
        if (Open(name) is not { } file)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var headers = http.Response.GetTypedHeaders();
        http.Response.Headers.AcceptRanges = "bytes";
        http.Response.ContentType = FileType;
        headers.LastModified = file.LastWriteTimeUtc;

        var length = file.Length; // the log may grow from here on; this is what is served of it
        var (offset, count) = (0L, length);
        if (HttpMethods.IsGet(http.Request.Method) && SingleRange(http.Request.GetTypedHeaders()) is { } range)
        {
            if (Satisfy(range, length) is not { } part)
            {
                http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                headers.ContentRange = new ContentRangeHeaderValue(length);
                http.Response.ContentLength = 0;
                return;
            }

            (offset, count) = part;
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            headers.ContentRange = new ContentRangeHeaderValue(offset, offset + count - 1, length);
        }

        http.Response.ContentLength = count;
        if (HttpMethods.IsGet(http.Request.Method) && count > 0)
            await http.Response.SendFileAsync(file.FullName, offset, count, http.RequestAborted).ConfigureAwait(false);
    }

    private FileInfo? Open(string name)
    {
        var path = name == WireNames.BuildLog ? Path.Combine(options.FileCacheDirectory, WireNames.BuildLog) : cache.Find(name);
        return path is not null && new FileInfo(path) is { Exists: true, LinkTarget: null } file ? file : null;
    }

    private static RangeItemHeaderValue? SingleRange(RequestHeaders request) =>
        request.Range is { Ranges.Count: 1 } range && range.Unit == "bytes" ? range.Ranges.First() : null;

    /// <summary>Offset and length of the part, or null when the file has no such part.</summary>
    private static (long Offset, long Count)? Satisfy(RangeItemHeaderValue range, long length) => range switch
    {
        { From: { } from, To: var to } when from < length => (from, Math.Min(to ?? long.MaxValue - 1, length - 1) - from + 1),
        { From: null, To: > 0 and var suffix } when length > 0 => (Math.Max(0, length - suffix), Math.Min(suffix, length)),
        _ => null,
    };
}
