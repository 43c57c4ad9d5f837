using Buildd.Linux.Startup;

namespace Buildd.Cli.Application;

/// <summary>The environment of the commands that run programs for the farm: reprepro, sendmail, the one that resets a builder.</summary>
internal static class FarmEnvironment
{
    /// <summary>
    /// Removes what a person's or a service manager's environment would change of archives and mail. What names the machine's way out, keys
    /// and collectors of figures stays: these are the administrator's words.
    /// </summary>
    internal static void Clear() => InheritedState.KeepVariables(
        "HOME", "BUILDD_*", "DOTNET_*", "OTEL_*", "GNUPGHOME", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NOTIFY_SOCKET", "WATCHDOG_*");
}
