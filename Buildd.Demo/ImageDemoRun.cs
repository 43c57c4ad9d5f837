using System.Diagnostics;
using System.Globalization;

namespace Buildd.Demo;

/// <summary>The demo of images, from nothing to a root file system. Each step is the real thing.</summary>
internal sealed class ImageDemoRun(DemoOptions options, string tool, string? branch, TextWriter output, bool isTerminal, TimeProvider time)
{
    /// <summary>The tool that reads a configuration from a branch.</summary>
    internal const string LiveBuild = "live-build";

    /// <summary>The tool that needs none.</summary>
    internal const string Mmdebstrap = "mmdebstrap";

    private const string Project = "demo";

    private readonly DemoReport _report = new(output) { Bar = new ProgressBar(isTerminal) };

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 when the image was made, 1 when not.</returns>
    /// <exception cref="FarmException">Something that is needed is missing; the message says what to do.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; all that it started has ended.</exception>
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        options.Require("an image");
        var start = Stopwatch.GetTimestamp();
        var release = await HostRelease.DetectAsync(cancellationToken);
        _report.Say($"Making a root file system of {release.Suite} ({release.Architecture}) with {tool} from {release.Mirror}");
        await using var work = await WorkFolder.CreateAsync(options.WorkParent, cancellationToken);
        var tarball = new ChrootTarball(release, options.ChrootCache, output);
        await tarball.EnsureAsync(_report, work.Path, options.FreshChroot, cancellationToken);
        var ownBranch = Path.Combine(work.Path, "branch");
        if (tool == LiveBuild && branch is null)
            await ImageConfiguration.CommitAsync(ownBranch, release, cancellationToken);

        await using var farm = await _report.TimeAsync("slave and farm: starting", "start", () => DemoFarm.StartAsync(
            options, work.Path, release, tarball.Path, $"[livefs]\nfile-branches = {DemoFarm.Escape(ownBranch)}\n", _report, time,
            cancellationToken));
        // With --json there is no log on the screen, which it could not share with a bar.
        var code = await farm.BuildAsync(
            [
                "--livefs", Project, "--series", release.Suite, "--image-tool", tool,
                .. tool == LiveBuild ? (string[])["--config-branch", branch ?? $"file://{ownBranch}"] : [],
                "--datestamp", time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture), "--json",
            ],
            showsLog: false,
            cancellationToken);
        if (code == FarmExitCode.Done)
            Show(farm);
        else
            await farm.ShowFailureAsync(cancellationToken);
        _report.Summarise(Stopwatch.GetElapsedTime(start));
        return code == FarmExitCode.Done ? FarmExitCode.Done : FarmExitCode.Failed;
    }

    private void Show(DemoFarm farm)
    {
        var paths = farm.ShowArchive("The image");
        if (paths.FirstOrDefault(path => path.EndsWith(".squashfs", StringComparison.Ordinal)) is not { } squashfs)
            return;
        _report.Say($"""

            To look inside:
              unsquashfs -l {squashfs}
              unsquashfs -cat {squashfs} usr/lib/os-release
              cat {Path.ChangeExtension(squashfs, "manifest")}
              mount -o loop,ro {squashfs} /mnt        # as root
              zless {farm.LogPath}
            """);
    }
}
