using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Files;

/// <summary>Fetches a file by http or https to a place on the disk and checks its sum on the way.</summary>
/// <remarks>
/// Differs: the reference also takes ftp, file and data URLs, and has no time limit. Redirects are followed, without the
/// credentials. The texts are those of the reference where it has one; no client interprets them.
/// </remarks>
internal sealed class Downloader(HttpClient http)
{
    /// <summary>How long one wait for bytes may take; the reference waits for ever.</summary>
    internal static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    private const string Prefix = "Error accessing Librarian: ";

    /// <summary>What a slave downloads with: no decompression, no cookies, redirects without credentials, proxies of the environment.</summary>
    internal static HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = StallTimeout,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Fetches to <paramref name="path"/>, which may be overwritten.</summary>
    /// <returns>Null when the file is there and its sum is right; else the text for the answer.</returns>
    internal async Task<string?> FetchAsync(EnsurePresentCall call, string path, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(call.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return $"{Prefix}unknown url type: '{(url is null ? "" : url.Scheme)}'";

        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(StallTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.AcceptEncoding.ParseAdd("identity");
            request.Headers.UserAgent.ParseAdd("buildd-slave");
            if (call.UserName.Length > 0 || call.Password.Length > 0)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{call.UserName}:{call.Password}")));
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return $"{Prefix}HTTP Error {(int)response.StatusCode}: {response.ReasonPhrase}";

            var sha1 = await CopyAsync(response, path, stall).ConfigureAwait(false);
            return sha1 == call.Sha1 ? null : "Digests did not match, removing again!";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{Prefix}<urlopen error timed out>";
        }
        catch (HttpRequestException e)
        {
            return Prefix + Describe(e);
        }
        catch (HttpIOException)
        {
            // The connection broke in the middle. The reference answers with a fault when it was reset and with this text
            // when it was closed; either way the master sends again.
            return "Digests did not match, removing again!";
        }
    }

    private static async Task<string> CopyAsync(HttpResponseMessage response, string path, CancellationTokenSource stall)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FileCache.BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            using var file = File.OpenHandle(
                path, FileMode.Create, FileAccess.Write, FileShare.None, preallocationSize: response.Content.Headers.ContentLength ?? 0);
            var body = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            await using var closing = body.ConfigureAwait(false);
            long offset = 0;
            for (int count; (count = await body.ReadAsync(buffer.AsMemory(0, FileCache.BufferBytes), stall.Token).ConfigureAwait(false)) > 0; offset += count)
            {
                stall.CancelAfter(StallTimeout);
                hash.AppendData(buffer, 0, count);
                await RandomAccess.WriteAsync(file, buffer.AsMemory(0, count), offset, stall.Token).ConfigureAwait(false);
            }

            RandomAccess.SetLength(file, offset);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string Describe(HttpRequestException e) => e.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "<urlopen error [Errno 111] Connection refused>",
        SocketException { SocketErrorCode: SocketError.HostNotFound } => "<urlopen error [Errno -2] Name or service not known>",
        SocketException { SocketErrorCode: SocketError.TryAgain } => "<urlopen error [Errno -3] Temporary failure in name resolution>",
        HttpIOException => "Remote end closed connection without response",
        SocketException s => $"<urlopen error {s.Message}>",
        _ => $"<urlopen error {e.HttpRequestError}>",
    };
}
