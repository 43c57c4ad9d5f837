using System.Net;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Files;

/// <summary>Fetches files by http or https for <c>ensurepresent</c>.</summary>
/// <remarks>
/// Differs: the reference also takes ftp, file and data URLs, and has no time limit. The texts are those of the reference
/// where it has one; no client interprets them.
/// </remarks>
internal sealed class Downloader(Lazy<HttpClient> http, TimeProvider time, FileCacheOptions options, ILogger logger)
{
    /// <summary>How long one wait for bytes may take; the reference waits for ever.</summary>
    internal static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long a kept connection is used: then a server's new address is looked up.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HostPattern[] _allowed = [.. options.AllowedHosts.Select(
        text => HostPattern.TryParse(
            text, out var host) ? host : throw new ArgumentException($"'{text}' is not {HostPattern.Form}", nameof(options)))];

    /// <summary>
    /// What a slave downloads with: no decompression, no cookies, no redirects (<see cref="Download"/> follows them by the
    /// rules of the reference), proxies of the environment (<see cref="EnvironmentProxy"/>).
    /// </summary>
    internal static HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = null, // no traceparent: what we do for whom is not the file server's business
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        Proxy = EnvironmentProxy.Create(),
        UseCookies = false,
        ConnectTimeout = StallTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Fetches what a call asks for.</summary>
    /// <returns>Null when the file is whole and its sum is right; else the text for the answer, which has no credentials in it.</returns>
    /// <exception cref="FileCacheException">There is no room for it, or it can't be written.</exception>
    internal async Task<string?> FetchAsync(EnsurePresentCall call, DownloadFile file, CancellationToken cancellationToken)
    {
        var texts = new DownloadTexts(call);
        if (!Uri.TryCreate(call.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return texts.UnknownUrlType;
        if (url.UserInfo.Length > 0)
            return texts.CredentialsInUrl;
        logger.LogFetching(call.Sha1, texts.Address(url));
        var start = time.GetTimestamp();
        var failure = await new Download(http.Value, time, call, url, file, texts, IsAllowed, options)
            .RunAsync(cancellationToken).ConfigureAwait(false);
        if (failure is null)
            logger.LogFetched(call.Sha1, file.Length, time.GetElapsedTime(start));
        else
            logger.LogNotFetched(call.Sha1, failure);
        return failure;
    }

    private bool IsAllowed(Uri url) => _allowed.Length == 0 || _allowed.Any(host => host.Matches(url));
}
