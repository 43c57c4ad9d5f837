namespace Buildd.IntegrationTests.Wire;

/// <summary>Recorded exchanges that nothing here can answer yet, one by one, with what is missing.</summary>
internal static class OpenCases
{
    private const string Proxy = "No kind of build has the builder proxy yet.";

    private const string Revocation = "No kind of build revokes a token yet.";

    internal static readonly IReadOnlyDictionary<string, string> Table = new Dictionary<string, string>
    {
        ["proxy-connect"] = Proxy,
        ["proxy-get"] = Proxy,
        ["proxy-get-10"] = Proxy,
        ["proxy-post"] = Proxy,
        ["proxy-upstream-down"] = Proxy,
        ["proxy-revoke-basic"] = Revocation,
        ["proxy-revoke-fetch-service"] = Revocation,
        ["filecache-buildlog-snap"] = Proxy + " The log tells its requests.",
    };
}
