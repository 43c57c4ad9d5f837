using System.Net.Http.Headers;
using Buildd.Protocol.Secrets;

namespace Buildd.Protocol.Client;

/// <summary>How to reach a slave and how long to wait for it.</summary>
public sealed record SlaveClientOptions
{
    private const int EnsurePresentFactor = 20;

    private readonly TimeSpan? _ensurePresentTimeout;

    /// <summary>
    /// The slave's base URL, such as <c>http://builder:8221</c>, with or without a final slash; calls go to <c>/rpc</c>
    /// below it. Credentials in it are sent as Basic authentication and appear nowhere else.
    /// </summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// The token to send with every request (<c>Authorization: Bearer</c>, RFC 6750); null, the default, for none. It appears
    /// nowhere else. Anybody on the way can read it unless the URL is https.
    /// </summary>
    public string? BearerToken { get; init; }

    /// <summary>
    /// How long a call may take, from connecting to the last byte of the answer. Default 40 s: a slave answers within
    /// milliseconds, except that the reference answers nobody while it fetches a file.
    /// </summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>
    /// How long <c>ensurepresent</c> may take, since its answer waits for the slave's download. Default 20 times
    /// <see cref="CallTimeout"/>: 800 s for a chroot or image of 400 MB at 0.5 MB/s.
    /// </summary>
    public TimeSpan EnsurePresentTimeout
    {
        get => _ensurePresentTimeout
            ?? (CallTimeout == Timeout.InfiniteTimeSpan ? CallTimeout : EnsurePresentFactor * CallTimeout);
        init => _ensurePresentTimeout = value;
    }

    /// <summary>
    /// How long to wait for the headers of a file, and then for each further piece of it; there is no limit on the
    /// whole. Default 40 s, as for a call.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How many connections one file may take, the first included; at least 1. Default 3.</summary>
    public int DownloadAttempts { get; init; } = 3;

    /// <exception cref="ArgumentException">The URL is no base URL, or a number is out of its range.</exception>
    internal void Check()
    {
        SlaveUrl.Check(Url);
        if (BearerToken is not null && Url.UserInfo.Length > 0)
            throw new ArgumentException(
                $"{UrlCredentials.Without(Url)} has credentials, and there is a token: only one of them can be sent.");
        if (BearerToken is not null && (BearerToken.Length == 0 || BearerToken.AsSpan().ContainsAnyExceptInRange('!', '~')))
            throw new ArgumentException("The bearer token is empty, or has a character in it that no header can hold.");
        CheckTimeout(CallTimeout, nameof(CallTimeout));
        CheckTimeout(EnsurePresentTimeout, nameof(EnsurePresentTimeout));
        CheckTimeout(StallTimeout, nameof(StallTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(DownloadAttempts, 1);
    }

    /// <summary>The header for the token or the URL's credentials; null when there are none.</summary>
    internal AuthenticationHeaderValue? Authorization() =>
        BearerToken is null ? SlaveUrl.Credentials(Url) : new AuthenticationHeaderValue("Bearer", BearerToken);

    private static void CheckTimeout(TimeSpan timeout, string name)
    {
        // What a timer can be set to.
        if (timeout == Timeout.InfiniteTimeSpan)
            return;
        if (timeout <= TimeSpan.Zero || timeout.TotalMilliseconds >= uint.MaxValue)
            throw new ArgumentOutOfRangeException(name, timeout, "A timeout is positive, or infinite.");
    }

    /// <summary>Where to and the timeouts, without the URL's credentials and the token.</summary>
    /// <returns>A line for a log.</returns>
    public override string ToString() =>
        $"{UrlCredentials.Without(Url)} (calls {CallTimeout}, ensurepresent {EnsurePresentTimeout}, "
        + $"stalls {StallTimeout}, {DownloadAttempts} attempts)";
}
