using Buildd.Backends.DebianBuilds;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>Where a branch is fetched from: http, https, or a folder of this machine that the configuration allows.</summary>
/// <remarks>No message of this class has the URL in it: it may hold a password.</remarks>
internal sealed record BranchUrl
{
    /// <summary>The longest that is taken; servers and git take less.</summary>
    internal const int MaxCharacters = 2000;

    private const string FileScheme = "file://";

    private BranchUrl()
    {
    }

    /// <summary>The URL without user and password.</summary>
    internal required string Public { get; init; }

    /// <summary>Server, user and password as a line for git's credential store; empty where there is none.</summary>
    internal string Credentials { get; init; } = "";

    /// <summary>The folder of this machine; null for a server's.</summary>
    internal string? Folder { get; init; }

    /// <exception cref="RefusedException">It is none of what it may be.</exception>
    internal static BranchUrl Parse(string text, LiveFsOptions options)
    {
        if (text.Length > MaxCharacters || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw Refused($"has a blank or control character in it, or more than {MaxCharacters} characters");
        if (text.StartsWith(FileScheme, StringComparison.Ordinal))
            return OfFolder(text[FileScheme.Length..], options);

        if (!text.StartsWith("https://", StringComparison.Ordinal) && !text.StartsWith("http://", StringComparison.Ordinal))
            throw Refused("is no URL that begins with http://, https:// or file://");
        var repository = RepositoryUrl.Parse(text);
        if (!Uri.TryCreate(repository.Public, UriKind.Absolute, out var url) || url.Host.Length == 0 || url.UserInfo.Length > 0
            || url.Fragment.Length > 0)
            throw Refused("is no proper URL of a repository");
        if (options.BranchHosts is { } hosts && !hosts.Any(host => host.Matches(url)))
            throw Refused($"is on {url.Authority}, where no branches may be fetched from");
        return new BranchUrl { Public = repository.Public, Credentials = repository.StoreLine };
    }

    /// <summary>No password; a record would print all.</summary>
    public override string ToString() => Public;

    private static BranchUrl OfFolder(string path, LiveFsOptions options)
    {
        if (path.Length < 2 || path[0] != '/' || path.Contains('%', StringComparison.Ordinal)
            || path[1..].TrimEnd('/').Split('/').Any(part => part is "" or "." or ".."))
            throw Refused("is no full path of a folder, without '..' and '%', behind file://");
        var folder = path.TrimEnd('/');
        return options.FileBranches.Any(allowed => folder == allowed
            || folder.StartsWith(allowed.TrimEnd('/') + "/", StringComparison.Ordinal))
            ? new BranchUrl { Public = FileScheme + folder, Folder = folder }
            : throw Refused(
                "is a folder of the builder that branches may not be taken from (file-branches in its configuration lists those that "
                    + "they may)");
    }

    private static RefusedException Refused(string reason) => new($"the argument '{ArgumentNames.ConfigBranch}' {reason}");
}
