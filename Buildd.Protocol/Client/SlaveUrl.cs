namespace Buildd.Protocol.Client;

/// <summary>What can be made of a slave's base URL.</summary>
internal static class SlaveUrl
{
    /// <summary>The URL as it may be shown.</summary>
    public static Uri WithoutCredentials(Uri url) =>
        url.UserInfo.Length == 0 ? url : new UriBuilder(url) { UserName = "", Password = "" }.Uri;
}
