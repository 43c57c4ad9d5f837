using System.Diagnostics;
using System.Globalization;
using Buildd.Master;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Processes;
using Buildd.Protocol.Client;

namespace Buildd.Farm.Demo;

/// <summary>The demo of images, from nothing to a root file system. Each step is the real thing.</summary>
internal sealed class ImageDemoRun(DemoOptions options, string tool, string? branch, TextWriter output, bool isTerminal, TimeProvider time)
{
    /// <summary>The tool that reads a configuration from a branch.</summary>
    internal const string LiveBuild = "live-build";

    /// <summary>The tool that needs none.</summary>
    internal const string Mmdebstrap = "mmdebstrap";

    private const string Project = "demo";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly DemoReport _report = new(output);

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 when the image was made, 1 when not.</returns>
    /// <exception cref="FarmException">Something that is needed is missing; the message says what to do.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; all that it started has ended.</exception>
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (!CurrentUser.IsRoot)
            throw new FarmException("making an image needs root, for chroots and mounts: run it as root, or with sudo ('make demo-image' does)");
        if (!File.Exists(options.SlaveProgram))
            throw new FarmException($"the slave's program '{options.SlaveProgram}' is not there: run 'make build' first");

        var start = Stopwatch.GetTimestamp();
        Directory.CreateDirectory(options.OutputDirectory);
        var release = await HostRelease.DetectAsync(cancellationToken);
        _report.Say($"Making a root file system of {release.Suite} ({release.Architecture}) with {tool} from {release.Mirror}");
        await using var work = WorkFolder.Create(options.WorkParent);
        return await RunInAsync(work.Path, release, start, cancellationToken);
    }

    private async Task<int> RunInAsync(string work, HostRelease release, long start, CancellationToken cancellationToken)
    {
        var tarball = new ChrootTarball(release, options.ChrootCache, output);
        await tarball.EnsureAsync(_report, work, options.FreshChroot, cancellationToken);
        var ownBranch = Path.Combine(work, "branch");
        if (tool == LiveBuild && branch is null)
            await ImageConfiguration.CommitAsync(ownBranch, release, cancellationToken);

        await using var server = await InputServer.StartAsync(cancellationToken);
        var chroot = await server.AddAsync(tarball.Path, cancellationToken);
        await using var slave = await _report.TimeAsync("slave: starting", "start", () => SlaveProcess.StartAsync(
            options.SlaveProgram, work, Path.Combine(options.OutputDirectory, "slave.log"), cancellationToken, $"[livefs]\nfile-branches = {SlaveProcess.Escape(ownBranch)}\n"));
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var runner = new BuildRunner(
            new SlaveClient(http, new SlaveClientOptions { Url = slave.Url }),
            new BuildRunnerOptions { Results = new ResultOptions { Root = options.OutputDirectory }, Monitor = new MonitorOptions { PollInterval = PollInterval } },
            time);
        var now = time.GetUtcNow();
        var job = BuildJobs.LiveFs(string.Create(CultureInfo.InvariantCulture, $"LIVEFSBUILD-{now.ToUnixTimeSeconds()}"), chroot, new LiveFsArguments
        {
            Series = release.Suite,
            ArchTag = release.Architecture,
            Project = Project,
            ImageTool = tool,
            ConfigBranch = tool == LiveBuild ? branch ?? $"file://{ownBranch}" : null,
            DateStamp = now.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
            Archives = [release.SourcesLine],
        });
        var outcome = await runner.RunAsync(job, new ImageDemoReport(_report, output, isTerminal).ObserveAsync, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();

        _report.AddPhases();
        _report.Add("fetch", outcome.Durations.Fetch);
        if (outcome.Succeeded)
            Show(outcome);
        else
            await _report.ShowFailureAsync(outcome);
        _report.Summarise(Stopwatch.GetElapsedTime(start));
        return outcome.Succeeded ? 0 : 1;
    }

    private void Show(BuildOutcome outcome)
    {
        _report.Say($"\nThe image, in {outcome.Folder}:");
        foreach (var file in outcome.Files)
            _report.Say($"  {file.Name} ({file.Size:N0} bytes)");
        if (outcome.Files.FirstOrDefault(file => file.Name.EndsWith(".squashfs", StringComparison.Ordinal)) is not { } squashfs)
            return;
        var path = Path.Combine(outcome.Folder!, squashfs.Name);
        _report.Say($"""

            To look inside:
              unsquashfs -l {path}
              unsquashfs -cat {path} usr/lib/os-release
              cat {Path.ChangeExtension(path, "manifest")}
              mount -o loop,ro {path} /mnt        # as root
            """);
    }
}
