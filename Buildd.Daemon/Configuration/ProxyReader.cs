using Buildd.Debian.Apt;

namespace Buildd.Daemon.Configuration;

/// <summary>Reads the reference's section of proxies. Only that of apt is of use here.</summary>
internal static class ProxyReader
{
    internal const string Section = "proxy";

    private const string AptKey = "apt";

    /// <summary>The proxy that packages are fetched through in builds; null when none is named.</summary>
    internal static string? ReadApt(SectionReader reader)
    {
        if (reader.Text(AptKey) is not { Length: > 0 } text)
            return null;
        // It becomes a line of apt's configuration, in quotes.
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && !text.Any(c => char.IsControl(c) || c is '"' or '\\' or ' '))
            return text;
        reader.Mistake(AptKey, ArchiveLine.WithoutCredentials(text), "the URL of a proxy, such as http://proxy.example:3128/");
        return null;
    }
}
