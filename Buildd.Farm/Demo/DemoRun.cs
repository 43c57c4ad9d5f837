using System.Diagnostics;
using System.Globalization;
using Buildd.Master;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;

namespace Buildd.Farm.Demo;

/// <summary>The demo, from nothing to checked packages. Each step is the real thing.</summary>
internal sealed class DemoRun(DemoOptions options, TextWriter output, TimeProvider time)
{
    /// <summary>A farm looks every 15 s; whoever watches a demo wants to see it move.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How much of <c>dpkg-deb --info</c> is shown of each package, in lines.</summary>
    private const int InfoLines = 12;

    private readonly DemoReport _report = new(output);

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0 when the package was built and its files are right, 1 when not.</returns>
    /// <exception cref="FarmException">Something that is needed is missing; the message says what to do.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; all that it started has ended.</exception>
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (!CurrentUser.IsRoot)
            throw new FarmException("a build needs root, for chroots and mounts: run it as root, or with sudo ('make demo' does)");
        if (!File.Exists(options.SlaveProgram))
            throw new FarmException($"the slave's program '{options.SlaveProgram}' is not there: run 'make build' first");

        var start = Stopwatch.GetTimestamp();
        Directory.CreateDirectory(options.OutputDirectory);
        var release = await HostRelease.DetectAsync(cancellationToken);
        _report.Say($"Building {options.Package} for {release.Suite} ({release.Architecture}) from {release.Mirror}");

        // Not below the work tree: that may be in a home folder which the account that builds can't enter.
        await using var work = WorkFolder.Create(options.WorkParent);
        return await RunInAsync(work.Path, release, start, cancellationToken);
    }

    private async Task<int> RunInAsync(string work, HostRelease release, long start, CancellationToken cancellationToken)
    {
        var tarball = new ChrootTarball(release, options.ChrootCache, output);
        await tarball.EnsureAsync(_report, work, options.FreshChroot, cancellationToken);

        var source = await _report.TimeAsync(
            $"source: fetching {options.Package}", "source", () => SourcePackage.FetchAsync(release, options.Package, work, cancellationToken));
        foreach (var file in source.Files)
            _report.Say($"  {Path.GetFileName(file)} ({new FileInfo(file).Length:N0} bytes)");

        await using var server = await InputServer.StartAsync(cancellationToken);
        var (job, slave) = await _report.TimeAsync("slave: starting", "start", async () =>
        {
            var prepared = await PrepareAsync(server, tarball.Path, source, release, cancellationToken);
            var logPath = Path.Combine(options.OutputDirectory, "slave.log");
            return (prepared, await SlaveProcess.StartAsync(options.SlaveProgram, work, logPath, cancellationToken));
        });
        await using var stopping = slave;

        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var client = new SlaveClient(http, new SlaveClientOptions { Url = slave.Url });
        var info = await client.InfoAsync(cancellationToken);
        _report.Say($"slave: {slave.Url} speaks protocol {info.ProtocolVersion}, {info.ArchitectureTag}, builds {string.Join(", ", info.BuilderTags)}");

        var runner = new BuildRunner(client, new BuildRunnerOptions
        {
            Results = new ResultOptions { Root = options.OutputDirectory },
            Monitor = new MonitorOptions { PollInterval = PollInterval },
        }, time);
        var outcome = await runner.RunAsync(job, _report.ObserveAsync, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return await ConcludeAsync(outcome, start, cancellationToken);
    }

    private async Task<BuildJob> PrepareAsync(
        InputServer server, string tarball, SourcePackage source, HostRelease release, CancellationToken cancellationToken)
    {
        var chroot = await server.AddAsync(tarball, cancellationToken);
        var files = new List<InputFile>();
        foreach (var path in source.Files)
            files.Add(await server.AddAsync(path, cancellationToken));
        var cookie = string.Create(CultureInfo.InvariantCulture, $"PACKAGEBUILD-{time.GetUtcNow().ToUnixTimeSeconds()}");
        return BuildJobs.BinaryPackage(cookie, chroot, files, new BinaryPackageArguments
        {
            Series = release.Suite,
            Suite = release.Suite,
            ArchTag = release.Architecture,
            Archives = [release.SourcesLine],
            ArchIndep = true,
        });
    }

    private async Task<int> ConcludeAsync(BuildOutcome outcome, long start, CancellationToken cancellationToken)
    {
        _report.EndLog();
        _report.Add("dispatch", outcome.Durations.Dispatch);
        _report.AddPhases();
        _report.Add("fetch", outcome.Durations.Fetch);
        _report.Add("clean", outcome.Durations.Clean);
        _report.Add("check", outcome.Durations.Check);

        if (outcome.Succeeded)
            await ShowPackagesAsync(outcome, cancellationToken);
        else
            await ShowFailureAsync(outcome);
        _report.Summarise(Stopwatch.GetElapsedTime(start));
        return outcome.Succeeded ? 0 : 1;
    }

    private async Task ShowPackagesAsync(BuildOutcome outcome, CancellationToken cancellationToken)
    {
        _report.Say($"\nResults, checked against the .changes, in {outcome.Folder}:");
        foreach (var file in outcome.Files)
            _report.Say($"  {file.Name} ({file.Size:N0} bytes)");
        foreach (var file in outcome.Files.Where(file => file.Name.EndsWith(".deb", StringComparison.Ordinal)))
        {
            var text = await ProcessRunner.CaptureAsync(Command.Of("dpkg-deb", "--info", Path.Combine(outcome.Folder!, file.Name)), cancellationToken);
            _report.Say($"\n{file.Name}:");
            foreach (var line in Printable.Text(text).Split('\n').Take(InfoLines))
                _report.Say("  " + line);
        }
    }

    private async Task ShowFailureAsync(BuildOutcome outcome)
    {
        if (outcome.Status == BuildStatus.Ok)
        {
            _report.Say($"\nThe build ended well, but its files in {outcome.Folder} are not what its .changes says:");
            foreach (var finding in outcome.Findings)
                _report.Say("  " + finding.Text);
            return;
        }

        await _report.ShowFailureAsync(outcome);
    }
}
