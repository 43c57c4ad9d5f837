using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Buildd.Slave.Http;

/// <summary>The page that lists what is served of the file cache: a row per file with its size in bytes, in no order.</summary>
/// <remarks>Differs: the reference lists whatever lies there. The page is sent as it is made, however many files there are.</remarks>
internal static class FileListing
{
    /// <summary>After how many rows the client gets to see them.</summary>
    private const int RowsPerFlush = 256;

    internal static async Task WriteAsync(HttpContext http, string directory)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        if (http.Request.Method == HttpMethods.Head)
            return;

        var output = http.Response.BodyWriter;
        Write(
            "<!DOCTYPE html>\n<html>\n<head><title>File cache</title></head>\n<body>\n<h1>File "
                + "cache</h1>\n<table>\n<tr><th>Name</th><th>Bytes</th></tr>\n");
        var rows = 0;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles().Where(file => FileCacheEndpoint.IsServed(file.Name)))
        {
            if (file.LinkTarget is not null || !TryGetLength(file, out var length))
                continue;
            var name = WebUtility.HtmlEncode(file.Name);
            Write(string.Create(CultureInfo.InvariantCulture, $"<tr><td><a href=\"{name}\">{name}</a></td><td>{length}</td></tr>\n"));
            if (++rows % RowsPerFlush == 0 && (await output.FlushAsync(http.RequestAborted).ConfigureAwait(false)).IsCompleted)
                return;
        }

        Write("</table>\n</body>\n</html>\n");
        await output.FlushAsync(http.RequestAborted).ConfigureAwait(false);

        void Write(string text) => Encoding.UTF8.GetBytes(text, output);
    }

    /// <summary>False when the file went away since the folder was read.</summary>
    private static bool TryGetLength(FileInfo file, out long length)
    {
        try
        {
            length = file.Length;
            return true;
        }
        catch (FileNotFoundException)
        {
            length = 0;
            return false;
        }
    }
}
