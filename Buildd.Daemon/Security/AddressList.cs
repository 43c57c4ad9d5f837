using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Buildd.Daemon.Security;

/// <summary>Addresses and networks: how they are written, and whether an address is among them.</summary>
internal static class AddressList
{
    internal const string Form =
        "IP addresses and networks such as 192.0.2.7, 10.0.0.0/8 and 2001:db8::/32, with blanks or commas between them";

    private const int BitsBeforeMappedV4 = 96;

    private const int BitsOfV4 = 32;

    /// <summary>Reads an address or a network. One of IPv4 mapped into IPv6 is taken for what it stands for.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="network">What it means; for an address the network of that one.</param>
    internal static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryParseAddress(slash < 0 ? text : text[..slash], out var address))
            return false;

        var bits = address.GetAddressBytes().Length * 8;
        if (slash >= 0
            && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) || prefix > bits))
            return false;
        prefix = slash < 0 ? bits : int.Parse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        if (address.IsIPv4MappedToIPv6 && prefix >= BitsBeforeMappedV4)
            (address, prefix, bits) = (address.MapToIPv4(), prefix - BitsBeforeMappedV4, BitsOfV4);

        // 10.0.0.1/8 may be a slip for an address or for a network: who wrote it has to say which.
        if (!HasNothingBehind(address.GetAddressBytes(), prefix))
            return false;
        network = new IPNetwork(address, prefix);
        return true;
    }

    /// <summary>
    /// Whether an address is in one of the networks. One of IPv4 mapped into IPv6, as a listener on both kinds sees it, counts as IPv4.
    /// </summary>
    internal static bool Contains(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(network => network.Contains(plain));
    }

    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        // "1" would be 0.0.0.1
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !text.AsSpan().ContainsAny("[]%") : text.Count(c => c == '.') == 3);

    private static bool HasNothingBehind(byte[] bytes, int prefix)
    {
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            if ((bytes[bit / 8] & (0x80 >> (bit % 8))) != 0)
                return false;
        }

        return true;
    }
}
