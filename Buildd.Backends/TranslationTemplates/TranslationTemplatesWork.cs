using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>
/// The making of the templates of one source tree: protocol section 12.3. All that comes from the tree runs as the build's user in the
/// system.
/// </summary>
internal sealed class TranslationTemplatesWork(TemplatesRequest request, TranslationTemplatesOptions options) : IDebianWork
{
    /// <summary>How many folders of a tree are looked at; the largest trees known have some dozens.</summary>
    internal const int MaxFolders = 1000;

    /// <summary>How much of a file is read that may name the domain.</summary>
    internal const int MaxConfigurationBytes = 1024 * 1024;

    private const string Tree = "/build/source-tree";
    private const string Result = "/build/buildd-templates.tar.gz";

    /// <summary>What the reference's operation exits with.</summary>
    private const int InstallFailed = 200;
    private const int BuildFailed = 201;

    private BuildUser? _user;

    private IEnumerable<string> Packages => request.IsGit ? ["intltool", "git", "ca-certificates"] : ["intltool", "bzr"];

    /// <inheritdoc/>
    public Task InspectAsync(BuildSite site, CancellationToken abort)
    {
        (_user, var mistake) = BuildUser.Find(options.EffectiveBuildUser);
        return mistake is null ? Task.CompletedTask : throw new PhaseFailedException(BuildStatus.BuilderFail, mistake);
    }

    /// <inheritdoc/>
    public async Task RunAsync(BuildSite site, CancellationToken abort)
    {
        site.Phases.Enter(Phase.Generate);
        var (system, user, files) = (site.Environment, _user!, new SystemFiles(site.Environment, _user!));
        await system.MakeKnownAsync(user, abort).ConfigureAwait(false);
        var code = await system.RunInsideAsync(
            system.Wear(Command.Of("apt-get", ["install", "-y", "--no-install-recommends", .. Packages])), abort).ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(
                BuildStatus.ChrootFail,
                $"the tools can't be installed: apt-get ended with exit code {code}")
            { Cause = Cause(InstallFailed) };

        var checkout = new TreeCheckout(request, system, user, Tree);
        if (await checkout.RunAsync(site.Context.Log.WriteLine, abort).ConfigureAwait(false) is { } revision)
            site.Context.SetStatusMember(WireNames.Members.RevisionId, revision);
        var templates = await MakeTemplatesAsync(site, user, files, abort).ConfigureAwait(false);
        if (templates.Count > 0)
            await PackAsync(site, user, templates, abort).ConfigureAwait(false);

        site.Phases.Enter(Phase.Gather);
        if (templates.Count > 0)
            await GatherAsync(site, abort).ConfigureAwait(false);
        else
            site.Context.Log.WriteLine("There is nothing to make a template of in this tree");
    }

    /// <summary>Makes what templates there can be, and returns their paths relative to the tree.</summary>
    private static async Task<IReadOnlyList<string>> MakeTemplatesAsync(
        BuildSite site, BuildUser user, SystemFiles files, CancellationToken abort)
    {
        var folders = await files.FindAsync(Tree, ["-type", "f", "-name", "POTFILES.in", "-printf", "%h\\0"], abort).ConfigureAwait(false);
        if (folders.Count > MaxFolders)
            throw Failed($"the tree has {folders.Count} folders with a POTFILES.in, and more than {MaxFolders} are not looked at");

        var made = new List<string>();
        foreach (var folder in folders)
        {
            if (!await IsCompleteAsync(site, user, folder, abort).ConfigureAwait(false))
                continue;
            var domain = await FindDomainAsync(files, folder, abort).ConfigureAwait(false) ?? "messages";
            var code = await site.Environment.RunWorkAsync(
                user.Inside(Command.Of("intltool-update", "-p", "-g", domain), folder), abort).ConfigureAwait(false);
            if (code != 0)
                throw Failed($"a command ended with {new ExitCode(code).Describe()}");
            var template = $"{folder}/{domain}.pot";
            if (
                (
                    await files.FindAsync(folder, ["-maxdepth", "1", "-type", "f", "-name", $"{domain}.pot", "-print0"], abort)
                        .ConfigureAwait(false)).Contains(template))
                made.Add(template[(Tree.Length + 1)..]);
        }

        return made;
    }

    /// <summary>Whether every file that the folder wants translated is there. The tool says so by writing a file if not.</summary>
    private static async Task<bool> IsCompleteAsync(BuildSite site, BuildUser user, string folder, CancellationToken abort) =>
        await site.Environment.RunWorkAsync(
            user.Inside(Command.Of("/bin/sh", "-c", "rm -f missing notexist; intltool-update -m; [ ! -e notexist ]"), folder), abort,
            $"look whether all is there that {folder}/POTFILES.in names").ConfigureAwait(false) == 0;

    private static async Task<string?> FindDomainAsync(SystemFiles files, string folder, CancellationToken abort)
    {
        var contents = new List<string?>();
        foreach (var (file, _) in TranslationDomain.Files)
        {
            var content = await files.ReadAsync($"{folder}/{file}", MaxConfigurationBytes, abort).ConfigureAwait(false);
            contents.Add(content is null ? null : Encoding.UTF8.GetString(content));
        }

        return TranslationDomain.Find(contents);
    }

    private static async Task PackAsync(BuildSite site, BuildUser user, IReadOnlyList<string> templates, CancellationToken abort)
    {
        var list = Encoding.UTF8.GetBytes(string.Concat(templates.Select(template => template + "\0")));
        var code = await site.Environment.RunInsideAsync(
            user.Inside(Command.Of("tar", "-czf", Result, "--null", "--no-recursion", "--verbatim-files-from", "-T", "-"), Tree), abort,
            input: list, description: $"pack {templates.Count} templates").ConfigureAwait(false);
        if (code != 0)
            throw Failed($"the templates can't be packed: tar ended with exit code {code}");
    }

    private async Task GatherAsync(BuildSite site, CancellationToken abort)
    {
        try
        {
            var taken = await site.Environment.TakeAsync(Result, abort).ConfigureAwait(false);
            await site.Context.AddResultAsync(taken, options.ResultArchive, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }
    }

    /// <summary>The exit code of the reference's operation when it can't make the templates.</summary>
    internal static PhaseFailedException Failed(string message) => new(BuildStatus.PackageFail, message) { Cause = Cause(BuildFailed) };

    private static string Cause(int exitCode) => Verdict.CauseOf(new ExitCode(exitCode));
}
