using System.Net;
using Buildd.Daemon.Security;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Files;

namespace Buildd.Daemon.Configuration;

/// <summary>Reads the section [security]. It is in no file of the reference.</summary>
internal static class SecurityReader
{
    /// <summary>The smallest body that may be set as the largest: a build of a few files and without archives fits.</summary>
    private const int LeastMaxBodyBytes = 4096;

    private const int MostConnections = 1_000_000;

    private const int MostBytesPerSecond = 1024 * 1024;

    private static readonly TimeSpan MostSlowTimeout = TimeSpan.FromHours(1);

    /// <summary>Reads the section; what is wrong with it, and with the files that it names, is the reader's to tell.</summary>
    internal static SecurityOptions Read(SectionReader reader, TimeProvider time)
    {
        var defaults = new SecurityOptions();
        var options = new SecurityOptions
        {
            Tls = ReadTls(reader),
            TokenFile = File(reader, SecurityKeys.TokenFile),
            Allow = ReadNetworks(reader),
            MaxConnections = (int)reader.Number(SecurityKeys.MaxConnections, defaults.MaxConnections, 1, MostConnections),
            MinBytesPerSecond = (int)reader.Bytes(SecurityKeys.MinRate, defaults.MinBytesPerSecond, 0, MostBytesPerSecond),
            SlowTimeout = reader.Duration(
                SecurityKeys.SlowTimeout, defaults.SlowTimeout, SecurityOptions.LeastSlowTimeout, MostSlowTimeout),
        };

        var mistakes = new List<string>();
        SecretFiles.Read(options, time, mistakes);
        foreach (var mistake in mistakes)
            reader.Mistake(mistake);
        return options;
    }

    /// <summary>
    /// Reads what the slave itself goes by: the hosts that files may be fetched from and how slowly, and how large a call may be.
    /// </summary>
    internal static void Read(SectionReader reader, SecurityOptions options, SlaveOptions slave)
    {
        var hosts = Words(reader, SecurityKeys.FetchHosts);
        foreach (var host in hosts.Where(host => !HostPattern.TryParse(host, out _)))
            reader.Mistake(SecurityKeys.FetchHosts, host, HostPattern.Form);
        slave.Cache = slave.Cache with
        {
            AllowedHosts = hosts,
            MinBytesPerSecond = options.MinBytesPerSecond,
            SlowTimeout = options.SlowTimeout,
        };
        slave.Endpoints.MaxBodyBytes = (int)reader.Bytes(
            SecurityKeys.MaxBody, slave.Endpoints.MaxBodyBytes, LeastMaxBodyBytes, XmlRpcLimits.MaxBodyBytes);
    }

    /// <summary>What was understood, for a person to look at.</summary>
    internal static IEnumerable<string> Describe(SecurityOptions options, IReadOnlyList<string> fetchHosts) =>
    [
        $"TLS: {(options.Tls is null ? "no" : options.Tls.CertificatePath)}",
        $"clients need: {string.Join(" and ", Needs(options).DefaultIfEmpty("nothing"))}",
        $"files are fetched from: {(fetchHosts.Count == 0 ? "everywhere" : string.Join(", ", fetchHosts))}",
    ];

    private static IEnumerable<string> Needs(SecurityOptions options)
    {
        if (options.Allow.Count > 0)
            yield return $"an address in {string.Join(", ", options.Allow)}";
        if (options.Tls?.ClientCaPath is { } path)
            yield return $"a certificate signed by {path}";
        if (options.TokenFile is { } file)
            yield return $"the token in {file}";
    }

    private static TlsOptions? ReadTls(SectionReader reader)
    {
        var certificate = File(reader, SecurityKeys.TlsCertificate);
        var key = File(reader, SecurityKeys.TlsKey);
        var clients = File(reader, SecurityKeys.ClientCa);
        if (certificate is not null && key is not null)
            return new TlsOptions { CertificatePath = certificate, KeyPath = key, ClientCaPath = clients };
        if (certificate is not null)
            reader.Mistake($"{SecurityKeys.TlsCertificate} needs {SecurityKeys.TlsKey} beside it");
        else if (key is not null)
            reader.Mistake($"{SecurityKeys.TlsKey} needs {SecurityKeys.TlsCertificate} beside it");
        else if (clients is not null)
            reader.Mistake($"{SecurityKeys.ClientCa} needs {SecurityKeys.TlsCertificate} and {SecurityKeys.TlsKey} beside it");
        return null;
    }

    private static List<IPNetwork> ReadNetworks(SectionReader reader)
    {
        var networks = new List<IPNetwork>();
        foreach (var word in Words(reader, SecurityKeys.Allow))
        {
            if (AddressList.TryParse(word, out var network))
                networks.Add(network);
            else
                reader.Mistake(SecurityKeys.Allow, word, AddressList.Form);
        }

        return networks;
    }

    /// <summary>
    /// A key that is there and names nothing was meant to protect something: that is told, and not taken for no protection.
    /// </summary>
    private static string[] Words(SectionReader reader, string key)
    {
        if (reader.Text(key) is not { } text)
            return [];
        var words = text.Split([' ', '\t', '\n', ','], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
            reader.Mistake($"{key} is empty; leave it out to allow all");
        return words;
    }

    private static string? File(SectionReader reader, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;
        if (text.StartsWith('/') && !text.Contains('\0', StringComparison.Ordinal))
            return Path.GetFullPath(text);
        reader.Mistake(key, text, "a path from the root on");
        return null;
    }
}
