using System.Diagnostics;
using System.Globalization;
using Buildd.IntegrationTests.Kills;
using Buildd.IntegrationTests.Support;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// Builds are aborted, and their slave is killed, at random moments: afterwards there is no process, no mount and no file
/// of the build's. The system is a small one, so that there can be many rounds; what happens to it is what happens to any.
/// </summary>
[NonParallelizable]
[CancelAfter(3_600_000)] // the full length of the slowest
public abstract class KillContract
{
    private static readonly string BuildId = string.Create(CultureInfo.InvariantCulture, $"KILLED-{System.Environment.ProcessId}");

    /// <summary>How far the moments reach, as a part of what a whole build takes: beyond its end too.</summary>
    private const double Reach = 1.1;

    private TemporaryDirectory _folder = null!;
    private KillableSlave _slave = null!;
    private string _chroot = "";
    private string _dsc = "";
    private TimeSpan _span;

    /// <summary>The environment, as the configuration spells it.</summary>
    private protected abstract string Environment { get; }

    /// <summary>Another environment, for a slave that is configured anew before it starts again.</summary>
    private protected virtual string OtherEnvironment => "chroot";

    /// <summary>How long the processes sleep that builds leave; the fraction tells them from those of other tests.</summary>
    private protected string Nap { get; } =
        string.Create(CultureInfo.InvariantCulture, $"400.{System.Environment.ProcessId}{Stopwatch.GetTimestamp() % 10000:0000}");

    /// <summary>The tarball of builds.</summary>
    private protected virtual Task<byte[]> MakeChrootAsync(string folder) => SmallChroot.MakeAsync(folder, Nap);

    [SetUp]
    public async Task PrepareAsync()
    {
        BuildEnvironment.RequireBuildTools();
        _folder = new TemporaryDirectory();
        _slave = await KillableSlave.PrepareAsync("#!/bin/sh\n", $"environment = {Environment}");
        _chroot = await _slave.AddAsync(await MakeChrootAsync(_folder.Path));
        _dsc = await _slave.AddAsync("Format: 3.0 (native)\nSource: killed\nVersion: 1.0\n"u8.ToArray());
        await _slave.StartAsync();

        var whole = Stopwatch.StartNew();
        await StartBuildAsync();
        var status = await _slave.SettleAsync();
        _span = whole.Elapsed * Reach;
        Assert.That(
            await LogAsync(), Does.Contain("installing nothing").And.Contain("RUN: ")
                .And.Match("sbuild (-c|--arch)"), "the build got as far as sbuild");
        await CheckAsync(status, "the whole build");
    }

    [TearDown]
    public async Task EndAsync()
    {
        if (_slave is not null)
            await _slave.DisposeAsync();
        _folder?.Dispose();
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Aborted_at_random_moments_it_leaves_nothing()
    {
        using var run = Begin("aborts");
        foreach (var round in run.EachRound())
        {
            await ForgetBaseAsync(run.Random);
            await StartBuildAsync();
            await run.MomentAsync(round, _span, _slave.SettleAsync);
            try
            {
                await _slave.Client.AbortAsync();
            }
            catch (SlaveFaultException)
            {
                // the build was quicker
            }

            var status = await _slave.SettleAsync();
            Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Aborted).Or.EqualTo(BuildStatus.PackageFail), await LogAsync());
            run.Count(await CheckAsync(status, $"abort {round} of seed {run.Seed}"));
        }

        AssertIsRandom(run);
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Killed_at_random_moments_it_leaves_nothing()
    {
        using var run = Begin("kills");
        foreach (var round in run.EachRound())
        {
            await ForgetBaseAsync(run.Random);
            await StartBuildAsync();
            await run.MomentAsync(round, _span, _slave.SettleAsync);
            await _slave.KillAsync();
            await _slave.StartAsync();
            var status = await _slave.SettleAsync();
            Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail).Or.EqualTo(BuildStatus.PackageFail), await LogAsync());
            run.Count(await CheckAsync(status, $"kill {round} of seed {run.Seed}"));
        }

        AssertIsRandom(run);
    }

    [Test]
    public async Task Killed_and_started_again_with_another_environment_it_leaves_nothing()
    {
        await KillInTheMiddleAsync();
        await _slave.ConfigureAsync($"environment = {OtherEnvironment}");
        await AssertIsEndedAsync();
        await StartBuildAsync();
        await CheckAsync(await _slave.SettleAsync(), "the next build");
    }

    /// <summary>Kills the slave while its build is at work in the system.</summary>
    /// <returns>The build's folder.</returns>
    private protected async Task<string> KillInTheMiddleAsync()
    {
        await StartBuildAsync();
        await Until.SeenAsync(LogAsync, log => log.Contains("installing nothing", StringComparison.Ordinal));
        await _slave.KillAsync();
        return Directory.GetDirectories(_slave.WorkDirectory, "build-*").Single();
    }

    /// <summary>Starts the slave that was killed, and looks whether it has ended what was left.</summary>
    private protected async Task AssertIsEndedAsync()
    {
        await _slave.StartAsync();
        var status = await _slave.SettleAsync();
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail), await LogAsync());
        await CheckAsync(status, "started again");
    }

    private async Task StartBuildAsync()
    {
        var reply = await _slave.Client.BuildAsync(new BuildCall
        {
            BuildId = BuildId,
            Builder = "binarypackage",
            ChrootSha1 = _chroot,
            FileMap = new Dictionary<string, string> { ["killed_1.0.dsc"] = _dsc },
            Arguments = new XmlRpcStruct
            {
                ["series"] = "bookworm",
                ["suite"] = "bookworm",
                ["ogrecomponent"] = "main",
                ["archives"] = new XmlRpcArray(["deb http://archive.example/debian bookworm main"]),
            },
        });
        Assert.That(reply.Answer, Is.EqualTo(BuildAnswer.Building), reply.ToString());
    }

    /// <summary>Every other time nothing is there that was unpacked before, so that unpacking it is among what is cut short.</summary>
    private async Task ForgetBaseAsync(Random random)
    {
        if (random.Next(2) == 0 && Directory.Exists(Path.Combine(_slave.WorkDirectory, "bases", _chroot)))
            await Task.Run(() => Directory.Delete(Path.Combine(_slave.WorkDirectory, "bases", _chroot), recursive: true));
    }

    /// <summary>What has to hold after each round. Leaves the slave idle.</summary>
    /// <returns>How the build ended, and in which phase when it was cut short.</returns>
    private async Task<string> CheckAsync(StatusReply status, string when)
    {
        Assert.That(status.Status, Is.EqualTo(BuilderStatus.Waiting), when);
        BuildEnvironment.AssertNothingIsLeft(_slave.Directory);
        Assert.That(Sleepers.Count(Nap), Is.Zero, $"{when}: processes of the build\n{await LogAsync()}");
        Assert.That(
            Directory.GetFileSystemEntries(_slave.WorkDirectory).Select(Path.GetFileName),
            Is.SubsetOf((string[])["builder.journal", "builder.lock", "bases"]), $"{when}: the work folder");
        AssertNothingElseIsLeft(when, _slave.WorkDirectory, BuildId);
        var last = status.BuildStatus == BuildStatus.BuilderFail ? (await LogAsync()).TrimEnd('\n').Split('\n')[^1] : "";
        var phase = last.Contains("in phase ", StringComparison.Ordinal) ? last.Split("in phase ")[1].Split(':')[0] : "";
        var outcome = $"{status.BuildStatus} {phase}".Trim();
        await _slave.Client.CleanAsync();
        return outcome;
    }

    /// <summary>More places to look at that an environment has.</summary>
    private protected virtual void AssertNothingElseIsLeft(string when, string workDirectory, string buildId)
    {
    }

    private Task<string> LogAsync() => File.ReadAllTextAsync(Path.Combine(_slave.CacheDirectory, "buildlog"));

    private LongRun Begin(string what) => LongRun.Begin($"{what} in {Environment.Split('\n')[0]}", sample: 10, full: 100);

    /// <summary>Ten moments that are all the same come once in a hundred thousand samples.</summary>
    private static void AssertIsRandom(LongRun run) =>
        Assert.That(run.Outcomes, Has.Count.GreaterThan(1), "at one moment only they are not random");
}
