using System.Net;

namespace Buildd.Daemon.Security;

/// <summary>
/// Who may use the slave, and how much of it one client may take. Unless something is said everybody may, as with the
/// reference; only the limits on a client are there from the start.
/// </summary>
public sealed record SecurityOptions
{
    /// <summary>
    /// The least that <see cref="SlowTimeout"/> may be: the server looks once a second who is too slow, and wants more than that.
    /// </summary>
    internal static readonly TimeSpan LeastSlowTimeout = TimeSpan.FromSeconds(2);

    /// <summary>TLS instead of plain HTTP; null, the default, for plain HTTP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>
    /// The file with the token that every request has to bear (RFC 6750), <c>/healthz</c> excepted; null, the default, for
    /// none. Absolute.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// The addresses that may connect; empty, the default, for all. No network is one of IPv4 mapped into IPv6: such
    /// addresses are compared as IPv4.
    /// </summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];

    /// <summary>
    /// How many connections there may be at a time, at least 1; one more is closed at once. The default of 1,000 is far
    /// above what masters open.
    /// </summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>
    /// How many bytes a second a client has to send of a body, and to take of an answer, over the time that we wait for it;
    /// 0 for no limit. The default of 100 is a modem's tenth: only who does nothing is slower.
    /// </summary>
    public int MinBytesPerSecond { get; init; } = 100;

    /// <summary>
    /// How long a client may take to send the head of a request, and how long it may be slower than
    /// <see cref="MinBytesPerSecond"/>. The default of a minute lets a master swap, pause for its disk, or sit behind a line
    /// that is down for a moment, and is the time that a silent connection is kept, too.
    /// </summary>
    public TimeSpan SlowTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
