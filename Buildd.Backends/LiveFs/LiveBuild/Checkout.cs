using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>
/// Brings a branch's <c>auto/</c> and <c>config/</c> into the image's folder. All of it happens inside the build's system, and git runs
/// there as nobody: <c>docs/decisions/0008</c> says why.
/// </summary>
internal sealed class Checkout(ImageSite site, BranchArguments arguments, bool followsRedirects)
{
    /// <summary>The user and group nobody of every Debian system.</summary>
    private const string Nobody = "65534";

    private const string Folder = "/build-branch";

    /// <summary>Where a repository of this machine appears.</summary>
    private const string Repository = Folder + "/repository";

    private const string RevisionSign = "revision: ";

    private const string PrepareScript = """rm -rf "$1" && mkdir -p "$1/repository" "$1/work" && chown "$2:$2" "$1/work" """;

    /// <summary>
    /// Reads what may be secret from standard input. Of the repository nothing is run: no hooks, no submodules, no other protocols
    /// than the one that was asked for.
    /// </summary>
    private static readonly string FetchScript = Scripts.Text("LiveFs/LiveBuild/fetch-branch.sh");

    /// <summary>
    /// Looks at the links and copies. What lies in <c>config/includes…</c> is content of the image, where a link may lead anywhere: it is
    /// copied as it is and not followed. live-build's own hooks, which <c>lb config</c> links to, are part of every configuration.
    /// Arguments: the branch's folder, the path in the branch, the image's folder.
    /// </summary>
    internal static readonly string AdoptScript = Scripts.Text("LiveFs/LiveBuild/adopt-branch.sh");

    /// <summary>Phase checkout.</summary>
    /// <returns>The commit's id.</returns>
    /// <exception cref="PhaseFailedException">It can't be had, or is not to be used: PACKAGEFAIL.</exception>
    internal async Task<string> RunAsync(CancellationToken abort)
    {
        await site.RunScriptAsync("make a folder for the branch", PrepareScript, [Folder, Nobody], abort).ConfigureAwait(false);
        var url = arguments.Branch.Public;
        if (arguments.Branch.Folder is { } folder)
        {
            await site.System.BindAsync(folder, Repository, abort).ConfigureAwait(false);
            url = "file://" + Repository;
        }

        var revision = await FetchAsync(url, abort).ConfigureAwait(false);
        site.Site.Context.SetStatusMember(WireNames.Members.RevisionId, revision);
        await site.RunScriptAsync("take the configuration from the branch", AdoptScript, [Folder, arguments.Path, ImageSite.Folder], abort)
            .ConfigureAwait(false);
        return revision;
    }

    private async Task<string> FetchAsync(string url, CancellationToken abort)
    {
        string? revision = null;
        var diskWasFull = false;
        var lines = new LineSplitter(1024, (line, _) =>
        {
            revision = line.StartsWith(Encoding.ASCII.GetBytes(RevisionSign))
                && IsRevision(line[RevisionSign.Length..]) ? Encoding.ASCII.GetString(line[RevisionSign.Length..]) : revision;
            diskWasFull |= line.IndexOf("No space left on device"u8) >= 0;
        });
        var protocol = url[..url.IndexOf(':', StringComparison.Ordinal)];
        // A redirect from http to https is what most servers do.
        var protocols = protocol == "http" && followsRedirects ? "http:https" : protocol;
        var code = await site.System.RunInsideAsync(
            Command.Of("setpriv", [
                $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
                "/bin/sh", "-c", FetchScript, "sh", $"{Folder}/work", protocols, followsRedirects ? "initial" : "false",
                FetchRetry.Script, FetchRetry.Waits]),
            abort,
            Encoding.UTF8.GetBytes($"{url}\n{arguments.Branch.Credentials}\n{arguments.Ref}\n"),
            bytes =>
            {
                site.Site.Context.Log.Write(bytes);
                lines.Write(bytes);
            },
            $"git clone {arguments.Branch.Public}").ConfigureAwait(false);
        lines.Complete();
        if (code == 0 && revision is not null)
            return revision;
        var exit = new ExitCode(code);
        throw new PhaseFailedException(BuildStatus.PackageFail, $"The branch could not be fetched: git ended with {exit.Describe()}")
        {
            Cause = diskWasFull ? BuildWatch.DiskUsedUp : Verdict.CauseOf(exit),
        };
    }

    /// <summary>SHA-1 or SHA-256 in hexadecimal.</summary>
    private static bool IsRevision(ReadOnlySpan<byte> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiHexDigitLower((char)character))
                return false;
        }

        return text.Length is 40 or 64;
    }
}
