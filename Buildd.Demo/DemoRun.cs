using System.Diagnostics;
using Buildd.Linux.Processes;

namespace Buildd.Demo;

/// <summary>The demo, from nothing to packages in an archive. Each step is the real thing.</summary>
internal sealed class DemoRun(DemoOptions options, TextWriter output, TimeProvider time)
{
    /// <summary>How much of <c>dpkg-deb --info</c> is shown of each package, in lines.</summary>
    private const int InfoLines = 12;

    private readonly DemoReport _report = new(output);

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 when the package was built and its files are in the archive, 1 when not.</returns>
    /// <exception cref="FarmException">Something that is needed is missing; the message says what to do.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; all that it started has ended.</exception>
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        options.Require("a build");
        var start = Stopwatch.GetTimestamp();
        var release = await HostRelease.DetectAsync(cancellationToken);
        _report.Say($"Building {options.Package} for {release.Suite} ({release.Architecture}) from {release.Mirror}");

        // Not below the work tree: that may be in a home folder which the account that builds can't enter.
        await using var work = await WorkFolder.CreateAsync(options.WorkParent, cancellationToken);
        var tarball = new ChrootTarball(release, options.ChrootCache, output);
        await tarball.EnsureAsync(_report, work.Path, options.FreshChroot, cancellationToken);
        var source = await _report.TimeAsync(
            $"source: fetching {options.Package}", "source", () =>
                SourcePackage.FetchAsync(release, options.Package, work.Path, cancellationToken));
        foreach (var file in source.Files)
            _report.Say($"  {Path.GetFileName(file)} ({new FileInfo(file).Length:N0} bytes)");

        await using var farm = await _report.TimeAsync("slave and farm: starting", "start", () =>
            DemoFarm.StartAsync(options, work.Path, release, tarball.Path, "", _report, time, cancellationToken));
        var code = await farm.BuildAsync([source.Files[0], "--series", release.Suite], showsLog: true, cancellationToken);
        if (code == FarmExitCode.Done)
            await ShowPackagesAsync(farm, cancellationToken);
        else
            await farm.ShowFailureAsync(cancellationToken);
        _report.Summarise(Stopwatch.GetElapsedTime(start));
        return code == FarmExitCode.Done ? FarmExitCode.Done : FarmExitCode.Failed;
    }

    private async Task ShowPackagesAsync(DemoFarm farm, CancellationToken cancellationToken)
    {
        var paths = farm.ShowArchive("The packages, checked and in the archive");
        var debs = paths.Where(path => path.EndsWith(".deb", StringComparison.Ordinal)).ToList();
        foreach (var deb in debs)
        {
            var text = await ProcessRunner.CaptureAsync(Command.Of("dpkg-deb", "--info", deb), cancellationToken);
            _report.Say($"\n{Path.GetFileName(deb)}:");
            foreach (var line in text.Split('\n').Take(InfoLines))
                _report.Say("  " + line);
        }

        if (debs.Count == 0)
            return; // a package of nothing but udebs
        _report.Say($"""

            What you can do now:
              dpkg-deb --contents {debs[0]}
              sudo apt install {debs[0]}
              zless {farm.LogPath}
            A farm of your own that stays is set up with the commands above, and described in README.md;
            {options.FarmProgram} --help says what else there is.
            """);
    }
}
