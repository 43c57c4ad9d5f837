using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Files;

/// <summary>
/// One download: follows redirects, tries again what may be a passing trouble, and goes on where a connection broke, if the server can.
/// </summary>
internal sealed class Download(
    HttpClient http, TimeProvider time, EnsurePresentCall call, Uri url, DownloadFile file, DownloadTexts texts, Func<Uri, bool> isAllowed,
    FileCacheOptions options)
{
    /// <summary>
    /// How often what went wrong is tried again within one call. The master waits for the answer: this must have an end. Differs: the
    /// reference answers at once, and its master takes a server that starts again for an input that is missing.
    /// </summary>
    internal const int MaxRetries = 4;

    /// <summary>How often one address may be led to; the figure of the reference's URL library.</summary>
    internal const int MaxVisits = 4;

    /// <summary>How many addresses redirects may lead to; the figure of the reference's URL library.</summary>
    internal const int MaxRedirects = 10;

    /// <summary>The wait before trying again, times the number of tries before: the first is at once.</summary>
    internal static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that a server may ask for; with a longer one its answer stands.</summary>
    internal static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(15);

    /// <summary>What is being received, if its server can give a part of it.</summary>
    private FileVersion? _version;

    /// <returns>Null when the file is whole and its sum is right; else the text for the answer.</returns>
    /// <exception cref="FileCacheException">There is no room for it, or it can't be written.</exception>
    internal async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        for (var retries = 0; ; retries++)
        {
            if (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is not { } failure)
                return file.Finish().ToString() == call.Sha1 ? null : DownloadTexts.Mismatch;
            if (!failure.MayPass || retries == MaxRetries || failure.RetryAfter > MaxRetryAfter)
                return failure.Text;
            var delay = RetryDelay * retries;
            await Task.Delay(failure.RetryAfter > delay ? failure.RetryAfter : delay, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for the file or what is missing of it, and receives as much as comes.</summary>
    private async Task<Failure?> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var stall = new CancellationTokenSource(Downloader.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stall.Token);
        try
        {
            var (response, failure) = await AskAsync(stall, either.Token).ConfigureAwait(false);
            using (response)
                return response is null ? failure : await ReceiveAsync(response, stall, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Broken(texts.TimedOut);
        }
        catch (HttpRequestException e)
        {
            return new Failure(texts.Unreachable(e), MayPass: _version is not null || DownloadTexts.MayPass(e));
        }
        catch (HttpIOException)
        {
            return Broken(DownloadTexts.Mismatch); // the connection was closed in the middle
        }
        catch (Exception e) when (e is IOException and not FileCacheException or SocketException)
        {
            // The socket's own exception comes through where the server has gone in the moment the connection was made.
            // Differs: the reference answers with a fault, and leaves what it has.
            return new Failure(texts.Reset, MayPass: true);
        }
    }

    /// <summary>Sends the request, and again to where redirects lead.</summary>
    private async Task<(
        HttpResponseMessage? Response, Failure? Failure)> AskAsync(CancellationTokenSource stall, CancellationToken cancellationToken)
    {
        var visits = new Dictionary<Uri, int>();
        for (var target = url; ;)
        {
            if (!isAllowed(target))
                return (null, new Failure(texts.HostNotAllowed(target), MayPass: false));
            stall.CancelAfter(Downloader.StallTimeout);
            using var request = Request(target);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is not { } location)
            {
                return (response, null);
            }

            using (response)
            {
                if (!Uri.TryCreate(target, location, out var next) || next.Scheme is not ("http" or "https"))
                    return (null, new Failure(texts.RedirectedElsewhere(response), MayPass: false));
                if (visits.GetValueOrDefault(next) == MaxVisits || visits.Count == MaxRedirects)
                    return (null, new Failure(texts.RedirectLoop(response), MayPass: false));
                visits[next] = visits.GetValueOrDefault(next) + 1;
                target = next;
            }
        }
    }

    private HttpRequestMessage Request(Uri target)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, target);
        request.Headers.AcceptEncoding.ParseAdd("identity");
        request.Headers.UserAgent.ParseAdd("buildd-slave");
        if ((call.UserName.Length > 0 || call.Password.Length > 0) && IsBelow(url, target))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{call.UserName}:{call.Password}")));
        }

        if (_version is not null && file.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(file.Length, null);
            request.Headers.IfRange = _version.Condition;
        }

        return request;
    }

    /// <summary>
    /// Whether credentials for one address may go to the other: to itself and what is below it on the same server, as in the
    /// reference.
    /// </summary>
    private static bool IsBelow(Uri address, Uri other) =>
        address.Scheme == other.Scheme && address.IdnHost == other.IdnHost && address.Port == other.Port
        && (other.AbsolutePath == address.AbsolutePath
            || other.AbsolutePath.StartsWith(address.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal));

    private async Task<Failure?> ReceiveAsync(
        HttpResponseMessage response, CancellationTokenSource stall, CancellationToken cancellationToken)
    {
        var isMore = _version is not null && file.Length > 0 && response.StatusCode == HttpStatusCode.PartialContent;
        if (isMore && !_version!.IsContinuedBy(response, file.Length) || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // Another file by now, or a server that can't count: from the start, without asking for a part.
            var mayPass = _version is not null;
            _version = null;
            return new Failure(texts.Refused(response), mayPass);
        }

        if (!response.IsSuccessStatusCode)
        {
            return new Failure(
                texts.Refused(response),
                MayPass: response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
                    or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                    or HttpStatusCode.GatewayTimeout || (_version is not null && response.StatusCode > HttpStatusCode.InternalServerError),
                RetryAfterOf(response));
        }

        if (!isMore)
        {
            _version = FileVersion.Of(response);
            file.Begin(response.Content.Headers.ContentLength);
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = body.ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(FileCache.BufferBytes);
        var (waited, received) = (TimeSpan.Zero, 0L);
        try
        {
            while (true)
            {
                stall.CancelAfter(Downloader.StallTimeout);
                var began = time.GetTimestamp();
                var count = await body.ReadAsync(buffer.AsMemory(0, FileCache.BufferBytes), cancellationToken).ConfigureAwait(false);
                stall.CancelAfter(Timeout.InfiniteTimeSpan); // a slow disk of ours is not the server's fault
                if (count == 0)
                    return null;
                (waited, received) = (waited + time.GetElapsedTime(began), received + count);
                if (waited > options.SlowTimeout && received < options.MinBytesPerSecond * waited.TotalSeconds)
                    return new Failure(texts.TooSlow(received, waited), MayPass: false);
                await file.AppendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TimeSpan RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => TimeSpan.Zero,
    };

    /// <summary>
    /// The connection broke, or the server fell silent: that passes if there is something to go on with. Else the wait was long enough.
    /// </summary>
    private Failure Broken(string text) => new(text, MayPass: _version is not null);

    /// <param name="Text">For the answer.</param>
    /// <param name="MayPass">Whether to try again.</param>
    /// <param name="RetryAfter">How long the server wants to be left alone first.</param>
    private readonly record struct Failure(string Text, bool MayPass, TimeSpan RetryAfter = default);
}
