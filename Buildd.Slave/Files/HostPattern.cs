using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Buildd.Slave.Files;

/// <summary>
/// Hosts that files may be fetched from: <c>HOST</c> at any port, <c>HOST:PORT</c>, or <c>*.SUFFIX</c> for every name that
/// ends so (the suffix itself is not one of them), with or without a port.
/// </summary>
public sealed class HostPattern
{
    /// <summary>How one is written, for messages.</summary>
    public const string Form =
        "a host name or address, '*.' and the end of a name, or one of these with ':' and a port; an IPv6 address in brackets";

    private const string Wildcard = "*.";

    private readonly string _host;
    private readonly bool _isSuffix;
    private readonly int? _port;

    private HostPattern(string host, bool isSuffix, int? port) => (_host, _isSuffix, _port) = (host, isSuffix, port);

    /// <summary>Reads one.</summary>
    /// <param name="text">As in <see cref="Form"/>.</param>
    /// <param name="pattern">What it means.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = null;
        var isSuffix = text.StartsWith(Wildcard, StringComparison.Ordinal);
        var rest = isSuffix ? text[Wildcard.Length..] : text;
        int? port = null;
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf(']'))
        {
            if (!ushort.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
                return false;
            (port, rest) = (number, rest[..colon]);
        }

        // The same reading as of the URLs that will be compared: names of any script, addresses in any spelling.
        if (Uri.CheckHostName(rest.Trim('[', ']')) == UriHostNameType.Unknown
            || !Uri.TryCreate($"http://{rest}/", UriKind.Absolute, out var url)
            || url.UserInfo.Length > 0 || url.AbsolutePath != "/" || (isSuffix && url.HostNameType != UriHostNameType.Dns))
        {
            return false;
        }

        pattern = new HostPattern(HostOf(url), isSuffix, port);
        return true;
    }

    /// <summary>Whether the host of a URL is one that is meant.</summary>
    public bool Matches(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (_port is { } port && url.Port != port)
            return false;
        var host = HostOf(url);
        return _isSuffix ? host.EndsWith(
            "." + _host, StringComparison.OrdinalIgnoreCase) : host.Equals(_host, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Without the dot that says that a name is complete.</summary>
    private static string HostOf(Uri url) => url.IdnHost.TrimEnd('.');
}
