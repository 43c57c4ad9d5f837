using Buildd.Backends.Commands;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.LiveFs;

/// <summary>Tells a stage of the tool from a line of its output.</summary>
/// <param name="line">The line, or its beginning.</param>
/// <returns>The stage and what is usually done when it begins; null when the line says nothing of the kind.</returns>
internal delegate (string Stage, double? Fraction)? StageReader(ReadOnlySpan<byte> line);

/// <summary>Where one image is made: the system inside, and what all tools do there.</summary>
internal sealed class ImageSite(BuildSite site, ImageArguments image)
{
    /// <summary>The folder inside that images are made in; the reference's.</summary>
    internal const string Folder = "/build";

    /// <summary>More results than any image has; with more the build fails.</summary>
    internal const int MaxResults = 500;

    /// <summary>How much the list of results may take, in bytes.</summary>
    private const int MaxListBytes = 256 * 1024;

    private const int MaxLineBytes = 512;

    internal BuildSite Site => site;

    internal ImageArguments Image => image;

    internal BuildEnvironment System => site.Environment;

    internal ImageProgress Progress { get; } = new(site.Context);

    /// <summary>Enters a phase that comes before the tool.</summary>
    internal void Enter(Phase phase)
    {
        site.Phases.Enter(phase);
        Progress.Reach(PhaseClock.NameOf(phase), null);
    }

    /// <summary>Phase install.</summary>
    /// <exception cref="PhaseFailedException">It did not work: PACKAGEFAIL, as the reference's exit code 200.</exception>
    internal async Task InstallAsync(IReadOnlyList<string> packages, bool withRecommends, CancellationToken abort)
    {
        var command = Command.Of("apt-get", "-y", withRecommends ? "--install-recommends" : "--no-install-recommends", "install")
            .With(packages);
        await RunAsync(command.WithEnvironment("DEBIAN_FRONTEND", "noninteractive").WithEnvironment("LANG", "C.UTF-8"), _ => null, abort)
            .ConfigureAwait(false);
    }

    /// <summary>Whether apt knows a package. The log gets the question, and not apt's answer.</summary>
    internal async Task<bool> KnowsPackageAsync(string package, CancellationToken abort) =>
        await System.RunInsideAsync(Command.Of("apt-cache", "show", "--no-all-versions", package), abort, output: _ => { })
            .ConfigureAwait(false) == 0;

    /// <summary>Runs a command of the tool, or one that prepares for it, with its own environment and working folder.</summary>
    /// <exception cref="PhaseFailedException">It failed: PACKAGEFAIL, as the reference's exit codes 200 and 201.</exception>
    internal async Task RunAsync(Command command, StageReader stages, CancellationToken abort)
    {
        var diskWasFull = false;
        var lines = new LineSplitter(MaxLineBytes, (line, _) =>
        {
            if (stages(line) is var (stage, fraction))
                Progress.Reach(stage, fraction);
            diskWasFull |= line.IndexOf("No space left on device"u8) >= 0;
        });
        var code = await System.RunInsideWithVariablesAsync(command, abort, bytes =>
        {
            site.Context.Log.Write(bytes);
            lines.Write(bytes);
        }).ConfigureAwait(false);
        lines.Complete();
        if (code == 0)
            return;
        var exit = new ExitCode(code);
        throw new PhaseFailedException(
            BuildStatus.PackageFail, $"'{command.File}' ended with {exit.Describe()}{(diskWasFull ? ": the disk is full" : "")}")
        {
            Cause = diskWasFull ? BuildWatch.DiskUsedUp : Verdict.CauseOf(exit),
        };
    }

    /// <summary>Runs a few lines of shell in preparation of the tool.</summary>
    /// <exception cref="PhaseFailedException">They failed: PACKAGEFAIL.</exception>
    internal async Task RunScriptAsync(
        string description, string script, IEnumerable<string> arguments, CancellationToken abort, ReadOnlyMemory<byte> input = default)
    {
        var code = await System.RunInsideAsync(
            Command.Of("/bin/sh", ["-c", script, "sh", .. arguments]), abort, input, description: description).ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(BuildStatus.PackageFail, $"'{description}' ended with exit code {code}");
    }

    /// <summary>
    /// Lists files below <see cref="Folder"/>, inside: ordinary ones whose names can be a result's. Of others the log is told.
    /// </summary>
    /// <param name="conditions">Arguments of find.</param>
    /// <param name="abort">Stops it.</param>
    /// <returns>Paths below the folder, sorted.</returns>
    /// <exception cref="PhaseFailedException">They are too many, or could not be listed.</exception>
    internal async Task<IReadOnlyList<string>> FindAsync(IEnumerable<string> conditions, CancellationToken abort)
    {
        var said = new MemoryStream();
        await using var closing = said.ConfigureAwait(false);
        var tooMuch = false;
        var code = await System.RunInsideAsync(
            Command.Of("find", [Folder, "-mindepth", "1", .. conditions, "-printf", "%y %P\\0"]), abort,
            output: bytes =>
            {
                tooMuch |= said.Length + bytes.Length > MaxListBytes;
                if (!tooMuch)
                    said.Write(bytes);
            },
            description: $"list the results in {Folder}").ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(
                BuildStatus.PackageFail, $"Failed to gather results: {Folder} could not be listed, find ended with exit code {code}");

        var found = ImageFiles.Read(said.GetBuffer().AsSpan(0, (int)said.Length), site.Context.Log.WriteLine);
        return !tooMuch && found.Count <= MaxResults
            ? found
            : throw new PhaseFailedException(
                BuildStatus.PackageFail, $"Failed to gather results: there are more than {MaxResults}, or their names are too long");
    }
}
