using System.Buffers;
using System.Text.Json;
using Buildd.Slave.Files;
using Microsoft.AspNetCore.Http;

namespace Buildd.Slave.Http;

/// <summary>
/// Says whether builds could run here: 200 and <c>{"status":"ok"}</c>, or 503 with the reasons. A slave that builds is as
/// healthy as one that is idle.
/// </summary>
internal sealed class HealthEndpoint
{
    /// <summary>How long the disk may take to answer. Load balancers wait five seconds or so.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    private readonly SlaveOptions _options;
    private readonly CacheFolder _cache;
    private readonly SharedWork<IReadOnlyList<string>> _work;

    internal HealthEndpoint(SlaveOptions options, CacheFolder cache, TimeProvider time)
    {
        _options = options;
        _cache = cache;
        _work = new SharedWork<IReadOnlyList<string>>(() => [.. FindReasons()], Deadline, time);
    }

    internal async Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            await Pages.WrongMethodAsync(http, HttpMethods.Head, HttpMethods.Get).ConfigureAwait(false);
            return;
        }

        IReadOnlyList<string> reasons;
        try
        {
            reasons = await _work.RunAsync(http.RequestAborted).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            reasons = [$"the disk of the file cache has not answered within {Deadline.TotalSeconds:0} seconds"];
        }

        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("status", reasons.Count == 0 ? "ok" : "failing");
            if (reasons.Count > 0)
            {
                json.WriteStartArray("reasons");
                foreach (var reason in reasons)
                    json.WriteStringValue(reason);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        http.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = output.WrittenCount;
        await http.Response.Body.WriteAsync(output.WrittenMemory, http.RequestAborted).ConfigureAwait(false);
    }

    private IEnumerable<string> FindReasons()
    {
        if (_options.Backends.Count == 0)
            yield return "there is no backend";
        if (FindWriteFailure() is { } failure)
            yield return $"the file cache can't be written: {failure}";
        if (FindLack() is { } lack)
            yield return lack;
    }

    private string? FindWriteFailure()
    {
        var path = _cache.NewIncomingPath(); // should we be killed in between, the next start removes it
        try
        {
            File.WriteAllBytes(path, "ok"u8);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        finally
        {
            _cache.RemoveTemporary(path);
        }
    }

    /// <summary>Old files, which would make room, are not looked at: asking changes nothing.</summary>
    private string? FindLack()
    {
        try
        {
            var free = _cache.FreeBytes();
            return free < _options.Cache.FreeSpaceFloorBytes
                ? $"{free} bytes are free on the file system of the file cache, and {_options.Cache.FreeSpaceFloorBytes} have to stay free"
                : null;
        }
        catch (FileCacheException e)
        {
            return e.Message;
        }
    }
}
