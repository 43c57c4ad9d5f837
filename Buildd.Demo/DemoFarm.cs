using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Demo;

/// <summary>
/// A slave and a farm for the time of one demo: the programs themselves, on loopback and free ports, with a store that goes
/// away with them. What they are told is said on the screen as a person would type it.
/// </summary>
internal sealed class DemoFarm : IAsyncDisposable
{
    private const string BuilderName = "demo";

    /// <summary>A slave that is told to stop ends its build first; it gives itself 150 s for that.</summary>
    private static readonly TimeSpan SlaveStopGrace = TimeSpan.FromSeconds(170);

    /// <summary>What <c>run</c> tells comes a moment after it is in the store; the times of phases are not worth more.</summary>
    private static readonly TimeSpan EventDeadline = TimeSpan.FromSeconds(5);

    /// <summary>What <c>run</c> does at its end takes moments.</summary>
    private static readonly TimeSpan FarmStopGrace = TimeSpan.FromSeconds(30);

    private readonly string _program;
    private readonly string _configuration;
    private readonly string _results;
    private readonly DemoReport _report;
    private readonly ServerProcess _slave;
    private readonly ServerProcess _run;

    private DemoFarm(string program, string configuration, string results, DemoReport report, ServerProcess slave, ServerProcess run)
    {
        (_program, _configuration, _results, _report, _slave, _run) = (program, configuration, results, report, slave, run);
    }

    /// <summary>The stored log of the build's last attempt; null when there is none.</summary>
    internal string? LogPath
    {
        get
        {
            var logs = Path.Combine(_results, "logs");
            return Directory.Exists(logs) ? Directory.GetFiles(logs, "*.gz", SearchOption.AllDirectories)
                .MaxBy(File.GetLastWriteTimeUtc) : null;
        }
    }

    /// <summary>Starts both, and makes the slave known to the farm.</summary>
    /// <param name="options">The demo's.</param>
    /// <param name="work">A folder for what goes away.</param>
    /// <param name="release">What is built for.</param>
    /// <param name="tarball">The chroot.</param>
    /// <param name="slaveConfiguration">More lines of the slave's configuration.</param>
    /// <param name="report">The screen.</param>
    /// <param name="time">The clock, for the name of the results' folder.</param>
    /// <param name="cancellationToken">Ends it all.</param>
    /// <exception cref="FarmException">One of them did not start, or a command failed; their own words are in the message.</exception>
    internal static async Task<DemoFarm> StartAsync(
        DemoOptions options, string work, HostRelease release, string tarball, string slaveConfiguration, DemoReport report,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var results = Path.Combine(options.OutputDirectory, time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(results);
        var (slave, url) =
            await StartSlaveAsync(options.SlaveProgram, work, Path.Combine(results, "slave.log"), slaveConfiguration, cancellationToken);
        try
        {
            report.Say($"slave: {url}, its log is {results}/slave.log");
            var configuration = Path.Combine(work, "farm.conf");
            // A farm looks every 15 s; whoever watches a demo wants to see it move.
            await File.WriteAllTextAsync(
                configuration,
                $"""
                State: {Path.Combine(work, "farm")}
                Results: {results}
                Archive: directory {ArchiveIn(results)}
                Listen: 127.0.0.1:0
                Poll-Interval: 0.5 s
                Fast-Poll-Interval: 0.5 s
                Refresh-Interval: 1 s
                Series: {release.Suite}
                Sources: {release.SourcesLine}

                """,
                cancellationToken);
            var run = await ServerProcess.StartAsync(
                Tool(options.FarmProgram, configuration, "run", "--json", "--until-stdin-closes"), FarmStopGrace,
                Path.Combine(results, "farm.log"), report.Hear, cancellationToken);
            report.Say($"farm: 'buildd-farm run' is ready, its log is {results}/farm.log");
            var farm = new DemoFarm(options.FarmProgram, configuration, results, report, slave, run);
            try
            {
                await farm.TellAsync(
                    [
                        "setup", "--yes", "--admin", "demo", "--email", "demo@localhost", "--distribution", "debian",
                        "--series", release.Suite, "--architecture", release.Architecture, "--mirror", release.PublicMirror,
                        "--chroot", tarball,
                    ],
                    cancellationToken);
                await farm.TellAsync(
                    ["builders", "add", BuilderName, url.AbsoluteUri, "--processor", release.Architecture], cancellationToken);
                return farm;
            }
            catch
            {
                await run.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await slave.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command of the farm, which is said before, as is what it says.</summary>
    /// <exception cref="FarmException">It failed.</exception>
    private async Task TellAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var code = await FollowAsync(arguments, showsOutput: true, cancellationToken);
        if (code != FarmExitCode.Done)
            throw new FarmException($"'{DemoReport.Line(arguments)}' ended with {code}");
    }

    /// <summary>Runs a command of the farm, and shows what it says as it comes.</summary>
    /// <param name="arguments">What comes after the program's name.</param>
    /// <param name="showsOutput">Whether what was asked for is shown too, and not only what is said besides.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Its exit code.</returns>
    private async Task<int> FollowAsync(IReadOnlyList<string> arguments, bool showsOutput, CancellationToken cancellationToken)
    {
        _report.Say($"$ {DemoReport.Line(arguments)}");
        var (log, messages) = (Encoding.UTF8.GetDecoder(), Encoding.UTF8.GetDecoder());
        void Show(ReadOnlySpan<byte> bytes, Decoder decoder)
        {
            if (!cancellationToken.IsCancellationRequested) // what it says of its own end is not ours
                _report.Show(bytes, decoder);
        }

        var result = await ProcessRunner.RunSeparatedAsync(
            Tool(_program, _configuration, arguments),
            bytes =>
            {
                if (showsOutput)
                    Show(bytes, log);
            },
            bytes => Show(bytes, messages),
            cancellationToken);
        _report.EndLog();
        return result.ExitCode;
    }

    /// <summary>Has a build queued and waits for its end, and until all of its phases were told.</summary>
    internal async Task<int> BuildAsync(IReadOnlyList<string> arguments, bool showsLog, CancellationToken cancellationToken)
    {
        var code = await FollowAsync(["build", .. arguments, "--wait"], showsLog, cancellationToken);
        if (code is FarmExitCode.Done or FarmExitCode.NotWell)
            await Task.WhenAny(_report.Finished, Task.Delay(EventDeadline, cancellationToken));
        return code;
    }

    /// <summary>Shows what is known of the one build there is, and the end of its log.</summary>
    internal async Task ShowFailureAsync(CancellationToken cancellationToken)
    {
        _report.Say("\nThe build failed:");
        await TellAsync(["show", _report.Cookie ?? throw new FarmException("the farm has not told of any build")], cancellationToken);
        if (LogPath is { } path)
            await _report.ShowEndAsync(path);
    }

    /// <summary>Says what the archive has.</summary>
    /// <returns>The paths.</returns>
    internal IReadOnlyList<string> ShowArchive(string what)
    {
        var paths = Directory.GetFiles(ArchiveIn(_results), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        _report.Say($"\n{what}, in {Path.GetDirectoryName(paths[0])}:");
        foreach (var path in paths)
            _report.Say($"  {Path.GetFileName(path)} ({new FileInfo(path).Length:N0} bytes)");
        return paths;
    }

    /// <summary>The farm first, so that it doesn't miss its slave; a build that runs is ended by the slave.</summary>
    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _slave.DisposeAsync();
    }

    private static string ArchiveIn(string results) => Path.Combine(results, "archive");

    private static async Task<(ServerProcess Slave, Uri Url)> StartSlaveAsync(
        string program, string work, string logPath, string moreConfiguration, CancellationToken cancellationToken)
    {
        const string Sign = " ready at ";
        var cache = Directory.CreateDirectory(Path.Combine(work, "filecache")).FullName;
        var home = Directory.CreateDirectory(Path.Combine(work, "home")).FullName;
        var configuration = Path.Combine(work, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"[builder]\nfilecache = {Escape(cache)}\nworkpath = {Escape(home)}\nbindhost = 127.0.0.1\nbindport = 0\n{moreConfiguration}",
            cancellationToken);
        Uri? url = null;
        var slave = await ServerProcess.StartAsync(
            Command.Of(program, "--config", configuration, "--until-stdin-closes") with { WorkingDirectory = work },
            SlaveStopGrace,
            logPath,
            line =>
            {
                if (url is not null || !line.StartsWith("buildd-slave ", StringComparison.Ordinal)
                    || line.IndexOf(Sign, StringComparison.Ordinal) is not (> 0 and var at))
                    return false;
                url = new Uri(line[(at + Sign.Length)..].Trim());
                return true;
            },
            cancellationToken);
        return (slave, url!);
    }

    /// <summary>A value as the slave's configuration has to have it.</summary>
    internal static string Escape(string value) => value.Replace("%", "%%", StringComparison.Ordinal);

    private static Command Tool(string program, string configuration, params IEnumerable<string> arguments) =>
        Command.Of(program, "--config", configuration).With(arguments);
}
