using System.Net;

namespace Buildd.Slave.Files;

/// <summary>
/// The proxies of the environment, for all hosts but those of <c>no_proxy</c>: names with all that ends in them, <c>*</c> for every host,
/// and networks such as <c>10.0.0.0/8</c>.
/// </summary>
/// <remarks>
/// The framework takes a name without a dot in front for that host alone, and knows neither <c>*</c> nor networks; the reference's URL
/// library knows the former, curl all of them.
/// </remarks>
/// <param name="inner">The proxies, by the framework.</param>
/// <param name="direct">The value of <c>no_proxy</c>.</param>
internal sealed class EnvironmentProxy(IWebProxy inner, string direct) : IWebProxy
{
    private readonly string[] _hosts = direct.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public ICredentials? Credentials
    {
        get => inner.Credentials;
        set => inner.Credentials = value;
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : inner.GetProxy(destination);

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => _hosts.Any(entry => Fits(entry, host)) || inner.IsBypassed(host);

    /// <summary>Makes one by the process's variables; the small letters count first, as everywhere.</summary>
    internal static EnvironmentProxy Create() => new(
        HttpClient.DefaultProxy,
        Environment.GetEnvironmentVariable("no_proxy") ?? Environment.GetEnvironmentVariable("NO_PROXY") ?? "");

    private static bool Fits(string entry, Uri url)
    {
        if (entry == "*")
            return true;
        if (IPAddress.TryParse(url.IdnHost, out var address))
            return IPNetwork.TryParse(entry, out var network) ? network.Contains(address) : FitsAddress(entry, address, url.Port);
        var (name, port) = (entry, "");
        if (entry.LastIndexOf(':') is >= 0 and var colon)
            (name, port) = (entry[..colon], entry[(colon + 1)..]);
        name = name.TrimStart('*').Trim('.');
        var host = url.IdnHost.TrimEnd('.');
        return name.Length > 0 && (port.Length == 0 || port == $"{url.Port}")
            && (host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>An address, with or without a port; one of IPv6 needs brackets only before that.</summary>
    private static bool FitsAddress(string entry, IPAddress address, int port) =>
        IPAddress.TryParse(entry, out var same) ? same.Equals(address)
            : IPEndPoint.TryParse(entry, out var place) && place.Address.Equals(address) && place.Port == port;
}
