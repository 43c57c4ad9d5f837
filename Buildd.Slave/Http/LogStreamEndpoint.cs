using System.Globalization;
using System.IO.Pipelines;
using Buildd.Slave.Lifecycle;
using Buildd.Slave.Logs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Buildd.Slave.Http;

/// <summary>
/// Sends the log of the current or last build as it grows, from <c>?offset=N</c> on (a number of bytes, or <c>tail</c> for
/// what <c>status</c> shows), or from where a client was that comes back with <c>Last-Event-ID</c>.
/// </summary>
/// <remarks>
/// Ours: the reference has nothing like it. Each stream reads the file at the pace of its client, and keeps one event in
/// memory; between events it waits for the log to tell of a change.
/// </remarks>
internal sealed class LogStreamEndpoint(Builder builder, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Where it is served.</summary>
    internal const string Path = "/log/stream";

    /// <summary>
    /// How many streams there may be at once. People watch builds by ones and twos; each costs a connection and some 50 KiB.
    /// </summary>
    internal const int MaxStreams = 64;

    /// <summary>The most of a log that is sent as one event, in bytes.</summary>
    internal const int EventBytes = 16 * 1024;

    private const string EventType = "text/event-stream";
    private const string RetryAfterSeconds = "30";

    /// <summary>How long a stream may say nothing. Proxies cut off what is quiet for half a minute and more.</summary>
    internal static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    private int _streams;

    /// <summary>How many are watching.</summary>
    internal int Streams => Math.Min(Volatile.Read(ref _streams), MaxStreams);

    internal async Task HandleAsync(HttpContext http)
    {
        using var reader = builder.Log?.Follow();
        if (reader is null)
        {
            await RefuseAsync(http, StatusCodes.Status404NotFound, "there is no build, and so no log").ConfigureAwait(false);
            return;
        }

        var resumed = http.Request.Headers["Last-Event-ID"].ToString();
        var wanted = resumed.Length > 0 ? resumed : http.Request.Query["offset"].ToString();
        if (FindOffset(wanted, reader) is not { } offset)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "the offset is neither a number of bytes nor 'tail'")
                .ConfigureAwait(false);
            return;
        }

        if (offset > reader.Length)
        {
            await RefuseAsync(
                http, StatusCodes.Status416RangeNotSatisfiable, $"the log has {reader.Length} bytes: the offset is of another one")
                .ConfigureAwait(false);
            return;
        }

        reader.Offset = offset;
        if (resumed.Length > 0 && reader.IsClosed && offset == reader.Length)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent; // tells an EventSource to stop coming back
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _streams) <= MaxStreams)
            {
                await StreamAsync(http, reader).ConfigureAwait(false);
                return;
            }

            http.Response.Headers.RetryAfter = RetryAfterSeconds;
            await RefuseAsync(http, StatusCodes.Status503ServiceUnavailable, $"{MaxStreams} others are watching already")
                .ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private static long? FindOffset(string wanted, LogReader reader) => wanted switch
    {
        "" => 0,
        "tail" => Math.Max(0, reader.Length - BuildLog.TailBytes),
        _ => long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
    };

    private static Task RefuseAsync(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(reason + "\n", http.RequestAborted);
    }

    private async Task StreamAsync(HttpContext http, LogReader reader)
    {
        http.Response.ContentType = EventType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // a proxy in front would keep events until it has many
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await http.Response.StartAsync(end.Token).ConfigureAwait(false);
            await http.Response.BodyWriter.FlushAsync(end.Token).ConfigureAwait(false);
            await FollowAsync(reader, http.Response.BodyWriter, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client went away, or the slave stops: either way nobody waits for more.
        }
    }

    private async Task FollowAsync(LogReader reader, PipeWriter output, CancellationToken cancellationToken)
    {
        var events = new LogEvents(output);
        var buffer = new byte[EventBytes];
        while (true)
        {
            // Both before reading: what changes from here on wakes us, and a closed log has all that it will have.
            var change = reader.NextChangeAsync();
            var isClosed = reader.IsClosed;
            while (await reader.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
            {
                var isLast = isClosed && reader.Offset + count >= reader.Length;
                var whole = isLast ? count : LogEvents.WholeCharacters(buffer.AsSpan(0, count));
                if (whole == 0)
                    break;
                if (reader.Missed > 0)
                    events.WriteGap(reader.Missed);
                reader.Offset += whole;
                events.WriteText(buffer.AsSpan(0, whole), reader.Offset);
                if ((await output.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
                    return;
            }

            if (isClosed)
            {
                events.WriteEnd(reader.Offset);
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            try
            {
                await change.WaitAsync(HeartbeatInterval, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                events.WriteHeartbeat();
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
