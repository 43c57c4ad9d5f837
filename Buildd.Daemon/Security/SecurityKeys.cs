namespace Buildd.Daemon.Security;

/// <summary>The keys of the section [security].</summary>
internal static class SecurityKeys
{
    internal const string Section = "security";
    internal const string TlsCertificate = "tls-certificate";
    internal const string TlsKey = "tls-key";
    internal const string ClientCa = "client-ca";
    internal const string TokenFile = "token-file";
    internal const string Allow = "allow";
    internal const string FetchHosts = "fetch-hosts";
    internal const string MaxConnections = "max-connections";
    internal const string MaxBody = "max-body";
    internal const string MinRate = "min-rate";
    internal const string SlowTimeout = "slow-timeout";
}
