using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Buildd.TestPrograms; // tests call the program TestProgram

/// <summary>
/// Serves a Debian archive on the loopback and keeps what it fetches. A package of a version never changes, nor does an index that is named
/// by its sum: both are kept between runs. Other indexes are fetched once a run, so that all tests of a run see the same archive.
/// </summary>
/// <param name="archive">The archive's address, which ends in a slash.</param>
/// <param name="folder">Where files are kept between runs.</param>
/// <param name="runFolder">Where files are kept for this run.</param>
internal sealed class ArchiveCache(Uri archive, string folder, string runFolder)
{
    /// <summary>
    /// The waits between tries, before the client hears of a trouble: an archive of many servers has a bad moment now and then.
    /// </summary>
    private static readonly TimeSpan[] Waits = [.. new[] { 1, 2, 5, 10, 20 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromMinutes(5) };

    private readonly ConcurrentDictionary<string, Lazy<Task<HttpStatusCode>>> _fetches = new(StringComparer.Ordinal);

    /// <summary>Prints the address, and serves until the process is killed.</summary>
    internal static async Task RunAsync(Uri archive, string folder, string runFolder)
    {
        var (listener, address) = Listen();
        Console.WriteLine(address);
        var cache = new ArchiveCache(archive, folder, runFolder);
        while (true)
            _ = cache.AnswerAsync(await listener.GetContextAsync());
    }

    /// <summary>The listener can't choose a port, so a free one is looked for; somebody else may be quicker.</summary>
    private static (HttpListener Listener, string Address) Listen()
    {
        while (true)
        {
            int port;
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            var listener = new HttpListener();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return (listener, $"http://127.0.0.1:{port}");
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext http)
    {
        try
        {
            var path = http.Request.Url!.AbsolutePath.TrimStart('/');
            var kept = Path.GetFullPath(Path.Combine(IsImmutable(path) ? folder : runFolder, path));
            var status = kept.StartsWith(folder + "/", StringComparison.Ordinal)
                || kept.StartsWith(runFolder + "/", StringComparison.Ordinal)
                ? await _fetches.GetOrAdd(path, _ => new(() => FetchAsync(path, kept))).Value
                : HttpStatusCode.Forbidden;
            http.Response.StatusCode = (int)status;
            http.Response.KeepAlive = false; // the listener forgets what apt asks before the answer, and apt waits for that
            if (status == HttpStatusCode.OK)
            {
                await using var file = File.OpenRead(kept);
                http.Response.ContentLength64 = file.Length;
                if (http.Request.HttpMethod != "HEAD")
                    await file.CopyToAsync(http.Response.OutputStream);
            }
            else if (status != HttpStatusCode.NotFound)
            {
                _fetches.TryRemove(path, out _); // the next client has it tried again
            }

            http.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            http.Response.Abort(); // the client has gone
        }
    }

    private static bool IsImmutable(string path) =>
        path.StartsWith("pool/", StringComparison.Ordinal) || path.Contains("/by-hash/", StringComparison.Ordinal);

    /// <summary>Fetches a file unless it is there, under another name until it is whole.</summary>
    private async Task<HttpStatusCode> FetchAsync(string path, string kept)
    {
        if (File.Exists(kept))
            return HttpStatusCode.OK;
        var part = $"{kept}.{Guid.NewGuid():N}";
        for (var attempt = 0; ; attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Waits[attempt - 1]);
            var isLast = attempt == Waits.Length;
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
                using var answer = await Http.GetAsync(new Uri(archive, path), HttpCompletionOption.ResponseHeadersRead);
                if (answer.StatusCode != HttpStatusCode.OK)
                {
                    var mayPass = answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                        || (int)answer.StatusCode >= 500;
                    if (mayPass && !isLast)
                        continue;
                    return answer.StatusCode;
                }

                await using (var file = File.Create(part))
                    await answer.Content.CopyToAsync(file);
                File.Move(part, kept, overwrite: true);
                return HttpStatusCode.OK;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                File.Delete(part);
                if (isLast)
                    return HttpStatusCode.BadGateway;
            }
            catch (UnauthorizedAccessException e)
            {
                // Not left to the client to wait for: the folder is not this user's.
                await Console.Error.WriteLineAsync($"keep-archive: '{kept}' can't be written: {e.Message}");
                return HttpStatusCode.InternalServerError;
            }
        }
    }
}
