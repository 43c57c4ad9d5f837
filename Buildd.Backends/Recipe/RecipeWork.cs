using System.Net;
using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Debian;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;

namespace Buildd.Backends.Recipe;

/// <summary>The making of one source package from a recipe: protocol section 12.2.</summary>
/// <remarks>
/// The recipe and what its branches hold come from outside. The tool that reads the recipe runs as the build's user, with
/// <c>--safe</c>, no configuration of git but what opens the recipe's repositories, and no transport that runs commands; what the tree
/// holds runs in the chroot only.
/// </remarks>
internal sealed class RecipeWork(RecipeArguments arguments, RecipeOptions options) : IDebianWork
{
    /// <summary>Where all of it takes place in the system; the folder around it belongs to the build's user.</summary>
    private const string Folder = "/build/recipe";
    private const string RecipeFile = Folder + "/recipe";
    private const string Tree = Folder + "/tree";

    /// <summary>Has the passwords of the recipe's repositories, as long as the recipe tool runs.</summary>
    private const string Home = Folder + "/home";

    /// <summary>The throw-away archive: root's, so that the package's own programs can't change what apt trusts.</summary>
    private const string ArchiveFolder = "/var/lib/buildd-recipe";
    private const string ArchiveList = "/etc/apt/sources.list.d/buildd-recipe.list";

    /// <summary>What the reference's wrapper exits with; the cause of failure is told in the same words.</summary>
    private const int InstallFailed = 200;
    private const int TreeFailed = 201;
    private const int DependenciesFailed = 202;
    private const int SourceFailed = 203;

    /// <summary>How many bytes lsb_release may write. A release is a number.</summary>
    private const int MaxReleaseBytes = 64;

    private BuildUser? _user;
    private Command? _tool;

    /// <inheritdoc/>
    public Task InspectAsync(BuildSite site, CancellationToken abort)
    {
        (_user, var mistake) = BuildUser.Find(options.EffectiveBuildUser);
        _tool = RecipeTool.Find(arguments.Git, RecipeTool.IsInstalled);
        if (_tool is null)
            mistake ??= arguments.Git ? $"there is no {RecipeTool.Git} on this machine: install it" : "there is neither "
                + $"{RecipeTool.Breezy} nor {RecipeTool.Bazaar} with dailydeb on this machine, which recipes of Bazaar need";
        if (!site.Environment.IsOnThisMachine)
            mistake ??= "recipes are made in a chroot or an overlay: set environment in [sourcepackagerecipe]";
        return mistake is null ? Task.CompletedTask : throw new PhaseFailedException(BuildStatus.BuilderFail, mistake);
    }

    /// <inheritdoc/>
    public async Task RunAsync(BuildSite site, CancellationToken abort)
    {
        site.Phases.Enter(Phase.BuildRecipe);
        var (system, user, files) = (site.Environment, _user!, new SystemFiles(site.Environment, _user!));
        await system.MakeKnownAsync(user, abort).ConfigureAwait(false);
        await system.RunInsideOrFailAsync(
            Command.Of("install", "-d", "-m", "755", "-o", user.Name, "-g", "sbuild", Folder), abort).ConfigureAwait(false);
        var recipe = RepositoryUrl.TakeOut(arguments.RecipeText, out var repositories);
        await system.WriteFileAsync(RecipeFile, Encoding.UTF8.GetBytes(recipe), abort).ConfigureAwait(false);

        var release = await FindReleaseAsync(system, abort).ConfigureAwait(false);
        var home = new RepositoryHome(system, user, Home);
        await home.MakeAsync(repositories, abort).ConfigureAwait(false);
        await site.GiveToAsync(user, abort).ConfigureAwait(false);
        await MakeTreeAsync(site, user, release, abort).ConfigureAwait(false);
        await home.RemoveAsync(abort).ConfigureAwait(false);
        var package = await FindPackageAsync(files, abort).ConfigureAwait(false);
        await InstallDependenciesAsync(site, files, package, abort).ConfigureAwait(false);
        await RunOrFailAsync(
            system, user.Inside(Command.Of("dpkg-buildpackage", "-i", "-I.bzr", "-I.git", "-us", "-uc", "-S", "-sa"), package),
            SourceFailed, abort, isWork: true).ConfigureAwait(false);

        site.Phases.Enter(Phase.Gather);
        await GatherAsync(site, files, abort).ConfigureAwait(false);
    }

    /// <summary>The number of the system's release, which becomes part of the version.</summary>
    private static async Task<string> FindReleaseAsync(BuildEnvironment system, CancellationToken abort)
    {
        await RunOrFailAsync(system, Command.Of("apt-get", "install", "-y", "lsb-release"), InstallFailed, abort).ConfigureAwait(false);
        var written = new StringBuilder();
        await system.RunInsideAsync(
            Command.Of("/bin/sh", "-c", "exec lsb_release -r -s 2>/dev/null"), abort,
            output: bytes => written.Append(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxReleaseBytes)])),
            description: "ask for the number of the release").ConfigureAwait(false);
        var release = written.ToString().Trim();
        return release.Length is > 0 and <= MaxReleaseBytes
            && release.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '~' or '+')
            ? release
            : throw Failed(InstallFailed, "lsb_release does not tell the number of the release");
    }

    /// <summary>On this machine, as the build's user, which owns the folder: the only step that reads the recipe.</summary>
    private async Task MakeTreeAsync(BuildSite site, BuildUser user, string release, CancellationToken abort)
    {
        var root = BuildLayout.ChrootIn(site.Context.Directory);
        var (recipe, tree) = (root + RecipeFile, root + Tree);
        var command = _tool!.With(
            "--safe", "--no-build", "--manifest", tree + "/manifest", "--distribution", arguments.Series,
            "--allow-fallback-to-native", "--append-version", $"~ubuntu{release}.1", recipe, tree);
        if (CurrentUser.IsRoot)
            command = command.Behind("setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--");
        command = (command with { InheritsEnvironment = false, WorkingDirectory = root + Folder })
            .WithEnvironment("PATH", "/usr/local/bin:/usr/bin:/bin")
            .WithEnvironment("HOME", root + Home)
            .WithEnvironment("LANG", "C.UTF-8")
            .WithEnvironment("DEBEMAIL", arguments.AuthorEmail)
            .WithEnvironment("DEBFULLNAME", arguments.AuthorName)
            .WithEnvironment("EMAIL", $"buildd@{Dns.GetHostName()}")
            .WithEnvironment("GIT_CONFIG_NOSYSTEM", "1")
            .WithEnvironment("GIT_TERMINAL_PROMPT", "0")
            .WithEnvironment("GIT_ALLOW_PROTOCOL", RecipeTool.AllowedProtocols);
        var result = await site.Steps.RunAsync(command, abort).ConfigureAwait(false);
        if (!result.Succeeded)
            throw Failed(TreeFailed, $"the recipe tool ended with {result.Describe()}");
    }

    /// <summary>The one folder below the tree that has a Debian package in it.</summary>
    private static async Task<string> FindPackageAsync(SystemFiles files, CancellationToken abort)
    {
        var found = await files.FindAsync(
            Tree, ["-mindepth", "3", "-maxdepth", "3", "-type", "f", "-path", Tree + "/*/debian/control", "-print0"], abort)
                .ConfigureAwait(false);
        return found is [var control]
            ? control[..^"/debian/control".Length]
            : throw Failed(TreeFailed, $"the recipe makes {found.Count} folders with a file debian/control, and it has to be one");
    }

    private async Task InstallDependenciesAsync(BuildSite site, SystemFiles files, string package, CancellationToken abort)
    {
        var system = site.Environment;
        var control = await files.ReadAsync(package + "/debian/control", ControlLimits.MaxFileBytes, abort).ConfigureAwait(false)
            ?? throw Failed(TreeFailed, "debian/control is not an ordinary file");
        DependencyArchive archive;
        try
        {
            archive = DependencyArchive.From(control);
        }
        catch (Exception e) when (e is DebianException or InvalidDataException)
        {
            throw Failed(TreeFailed, $"debian/control can't be read: {e.Message}", e);
        }

        await system.WriteFileAsync("/CurrentlyBuilding", Encoding.UTF8.GetBytes(CurrentlyBuilding(archive.Package)), abort)
            .ConfigureAwait(false);
        await system.RunInsideOrFailAsync(Command.Of("install", "-d", "-m", "755", ArchiveFolder), abort).ConfigureAwait(false);
        foreach (var (name, content) in archive.Files)
            await system.WriteFileAsync($"{ArchiveFolder}/{name}", content, abort).ConfigureAwait(false);
        await system.WriteFileAsync(ArchiveList, Encoding.UTF8.GetBytes($"deb-src [trusted=yes] file:{ArchiveFolder} ./\n"), abort)
            .ConfigureAwait(false);
        await RunOrFailAsync(
            system,
            Command.Of(
                "apt-get", "update", "-o", $"Dir::Etc::sourcelist={ArchiveList}", "-o", "Dir::Etc::sourceparts=-",
                "-o", "APT::Get::List-Cleanup=0", "-o", "APT::Update::Error-Mode=any"),
            DependenciesFailed, abort).ConfigureAwait(false);

        var unmet = new UnmetDependency();
        var code = await system.RunInsideAsync(
            system.Wear(Command.Of("apt-get", "build-dep", "-y", "--only-source", archive.Package)), abort,
            output: bytes =>
            {
                site.Context.Log.Write(bytes);
                unmet.Write(bytes);
            }).ConfigureAwait(false);
        if (code == 0)
            return;
        throw unmet.Relation is { } relation
            ? new PhaseFailedException(BuildStatus.DepFail, $"The build dependencies can't be installed: {relation} is missing")
            {
                Dependencies = relation,
                Cause = Cause(DependenciesFailed),
            }
            : Failed(DependenciesFailed, $"the build dependencies can't be installed: apt-get ended with exit code {code}");
    }

    /// <summary>Takes over the <c>.changes</c>, every file it lists, and the manifest: all of it, or the recipe has failed.</summary>
    private static async Task GatherAsync(BuildSite site, SystemFiles files, CancellationToken abort)
    {
        try
        {
            var found = await files.FindAsync(Tree, ["-maxdepth", "1", "-type", "f", "-name", "*_source.changes", "-print0"], abort)
                .ConfigureAwait(false);
            if (found is not [var path])
                throw new PhaseFailedException(
                    BuildStatus.PackageFail,
                    $"Failed to gather results: there are {found.Count} files *_source.changes, and it has to be one");

            var changesName = FileName.Check(Path.GetFileName(path));
            var changes = await site.Environment.TakeAsync(path, abort).ConfigureAwait(false);
            var listed = (await Changes.ReadFileAsync(changes, abort).ConfigureAwait(false)).Files;
            await site.Context.AddResultAsync(changes, changesName, abort).ConfigureAwait(false);
            foreach (var name in listed.Select(file => file.Name).Append("manifest"))
                await site.Context.AddResultAsync(
                    await site.Environment.TakeAsync($"{Tree}/{name}", abort).ConfigureAwait(false), name, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or DebianException or FileNameException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }
    }

    private static async Task RunOrFailAsync(
        BuildEnvironment system, Command command, int exitCode, CancellationToken abort, bool isWork = false)
    {
        var code = await (isWork ? system.RunWorkAsync(command, abort) : system.RunInsideAsync(system.Wear(command), abort))
            .ConfigureAwait(false);
        if (code != 0)
            throw Failed(exitCode, $"'{command.File}' ended with {new ExitCode(code).Describe()}");
    }

    private static PhaseFailedException Failed(int exitCode, string message, Exception? innerException = null) =>
        new(BuildStatus.PackageFail, message, innerException) { Cause = Cause(exitCode) };

    private static string Cause(int exitCode) => Verdict.CauseOf(new ExitCode(exitCode));

    private string CurrentlyBuilding(string package) =>
        $"Package: {package}\nSuite: {arguments.Suite}\nComponent: {arguments.Component}\nPurpose: "
            + $"{arguments.ArchivePurpose}\nBuild-Debug-Symbols: no\n";
}
