using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Buildd.Daemon.Configuration;

/// <summary>Where to listen, as the configuration spells it.</summary>
internal static class ListenAddress
{
    internal const string PortForm = "a number from 0 to 65535, with ':interface=ADDRESS' behind it if need be";

    private const string InterfaceKey = "interface=";

    /// <summary>An IP address or <c>localhost</c>.</summary>
    internal static bool TryParseHost(string host, out IPAddress address)
    {
        if (IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out var parsed)
            // "1" would be 0.0.0.1
            && (parsed.AddressFamily == AddressFamily.InterNetworkV6 || host == "localhost" || host.Count(c => c == '.') == 3))
        {
            address = parsed;
            return true;
        }

        address = IPAddress.None;
        return false;
    }

    /// <summary>
    /// A port, or what the reference's server makes of a port: <c>8221:interface=127.0.0.1</c>, with <c>tcp:</c> before it if
    /// need be, and a backslash before the colons of an address.
    /// </summary>
    /// <param name="text">What the file says.</param>
    /// <param name="port">The port.</param>
    /// <param name="address">The address; null when none is named.</param>
    /// <param name="mistake">What it has to be.</param>
    /// <remarks>Differs: of the words that Twisted knows behind the port, only <c>interface</c> is taken.</remarks>
    internal static bool TryParsePort(string text, out int port, out IPAddress? address, out string mistake)
    {
        address = null;
        mistake = PortForm;
        var parts = SplitAtColons(text);
        if (parts is ["tcp", ..])
            parts.RemoveAt(0);
        var isPort = int.TryParse(parts.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= IPEndPoint.MaxPort;
        foreach (var part in parts.Skip(1))
        {
            if (!part.StartsWith(InterfaceKey, StringComparison.Ordinal) || address is not null
                || !TryParseHost(part[InterfaceKey.Length..], out var parsed))
            {
                mistake =
                    "a port with at most one 'interface=ADDRESS' behind it: an IP address or localhost, the colons of IPv6 written '\\:'";
                return false;
            }

            address = parsed;
        }

        return isPort;
    }

    private static List<string> SplitAtColons(string text)
    {
        var parts = new List<string> { "" };
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ':')
                parts.Add("");
            else if (text[i] == '\\' && i + 1 < text.Length)
                parts[^1] += text[++i];
            else
                parts[^1] += text[i];
        }

        return parts;
    }
}
