using Microsoft.AspNetCore.Http;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// An archive of packages with what has been fetched of it kept on this machine, between tests and between runs of them. A package of a
/// version never changes, and is kept; indexes do, and are fetched each time.
/// </summary>
/// <param name="archive">The archive's address.</param>
/// <param name="folder">Where packages are kept.</param>
internal sealed class PackageMirror(Uri archive, string folder) : IDisposable
{
    private readonly HttpClient _http = new();

    /// <summary>Answers a request.</summary>
    /// <param name="path">The path in the archive, without a slash before it.</param>
    /// <param name="response">Where the file goes.</param>
    internal async Task AnswerAsync(string path, HttpResponse response)
    {
        if (path.StartsWith("pool/", StringComparison.Ordinal) && path.EndsWith(".deb", StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal))
        {
            var kept = Path.Combine(folder, path);
            if (!File.Exists(kept))
                await FetchAsync(path, kept, response.HttpContext.RequestAborted);
            await response.SendFileAsync(kept, response.HttpContext.RequestAborted);
            return;
        }

        using var answer = await _http.GetAsync(new Uri(archive, path), HttpCompletionOption.ResponseHeadersRead, response.HttpContext.RequestAborted);
        response.StatusCode = (int)answer.StatusCode;
        response.ContentLength = answer.Content.Headers.ContentLength;
        await answer.Content.CopyToAsync(response.Body, response.HttpContext.RequestAborted);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Under another name until it is whole; two who fetch the same do no harm.</summary>
    private async Task FetchAsync(string path, string kept, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        var part = $"{kept}.{Guid.NewGuid():N}";
        try
        {
            await using (var file = File.Create(part))
            await using (var source = await _http.GetStreamAsync(new Uri(archive, path), cancellationToken))
                await source.CopyToAsync(file, cancellationToken);
            File.Move(part, kept, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }
}
