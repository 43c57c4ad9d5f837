using System.Diagnostics;
using System.Globalization;
using Buildd.IntegrationTests.Kills;
using Buildd.IntegrationTests.Support;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// Builds are aborted, and their slave is killed, at random moments: afterwards there is no process, no mount and no file
/// of the build's. The system is a small one, so that there can be many rounds; what happens to it is what happens to any.
/// </summary>
[NonParallelizable]
[CancelAfter(3_600_000)] // a hundred rounds of the slowest
public abstract class KillContract
{
    private static readonly string BuildId = string.Create(CultureInfo.InvariantCulture, $"KILLED-{System.Environment.ProcessId}");

    /// <summary>How far the moments reach, as a part of what a whole build takes: beyond its end too.</summary>
    private const double Reach = 1.1;

    private readonly SortedDictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private TemporaryDirectory _folder = null!;
    private KillableSlave _slave = null!;
    private string _chroot = "";
    private string _dsc = "";
    private Random _random = null!;
    private TimeSpan _span;

    /// <summary>The environment, as the configuration spells it.</summary>
    private protected abstract string Environment { get; }

    /// <summary>Another environment, for a slave that is configured anew before it starts again.</summary>
    private protected virtual string OtherEnvironment => "chroot";

    /// <summary>How many times, for aborts and for kills each.</summary>
    private const int Rounds = 100;

    /// <summary>How long the processes sleep that builds leave; the fraction tells them from those of other tests.</summary>
    private protected string Nap { get; } = string.Create(CultureInfo.InvariantCulture, $"400.{System.Environment.ProcessId}{Stopwatch.GetTimestamp() % 10000:0000}");

    /// <summary>The tarball of builds.</summary>
    private protected virtual Task<byte[]> MakeChrootAsync(string folder) => SmallChroot.MakeAsync(folder, Nap);

    [SetUp]
    public async Task PrepareAsync()
    {
        BuildEnvironment.RequireBuildTools();
        _outcomes.Clear();
        var seed = Random.Shared.Next();
        await TestContext.Out.WriteLineAsync($"seed {seed}");
        _random = new Random(seed);
        _folder = new TemporaryDirectory();
        _slave = await KillableSlave.PrepareAsync("#!/bin/sh\n", $"environment = {Environment}");
        _chroot = await _slave.AddAsync(await MakeChrootAsync(_folder.Path));
        _dsc = await _slave.AddAsync("Format: 3.0 (native)\nSource: killed\nVersion: 1.0\n"u8.ToArray());
        await _slave.StartAsync();

        var whole = Stopwatch.StartNew();
        await StartBuildAsync();
        var status = await _slave.SettleAsync();
        _span = whole.Elapsed * Reach;
        Assert.That(await LogAsync(), Does.Contain("installing nothing").And.Contain("RUN: ").And.Match("sbuild (-c|--arch)"), "the build got as far as sbuild");
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
    public async Task Aborted_at_random_moments_it_leaves_nothing()
    {
        for (var round = 0; round < Rounds; round++)
        {
            await ForgetBaseAsync();
            await StartBuildAsync();
            await Task.Delay(_span * _random.NextDouble());
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
            await CheckAsync(status, $"abort {round}");
        }

        await PrintAsync("aborts");
    }

    [Test]
    public async Task Killed_at_random_moments_it_leaves_nothing()
    {
        for (var round = 0; round < Rounds; round++)
        {
            await ForgetBaseAsync();
            await StartBuildAsync();
            await Task.Delay(_span * _random.NextDouble());
            await _slave.KillAsync();
            await _slave.StartAsync();
            var status = await _slave.SettleAsync();
            Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail).Or.EqualTo(BuildStatus.PackageFail), await LogAsync());
            await CheckAsync(status, $"kill {round}");
        }

        await PrintAsync("kills");
    }

    [Test]
    public async Task Killed_and_started_again_with_another_environment_it_leaves_nothing()
    {
        await StartBuildAsync();
        var deadline = Stopwatch.StartNew();
        while (!(await LogAsync()).Contains("installing nothing", StringComparison.Ordinal))
        {
            Assert.That(deadline.Elapsed, Is.LessThan(TimeSpan.FromMinutes(1)), await LogAsync());
            await Task.Delay(5);
        }

        await _slave.KillAsync();
        Assert.That(Directory.GetFileSystemEntries(_slave.WorkDirectory, "build-*"), Is.Not.Empty, "there is something to end");
        await _slave.ConfigureAsync($"environment = {OtherEnvironment}");
        await _slave.StartAsync();
        var status = await _slave.SettleAsync();

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail), await LogAsync());
        await CheckAsync(status, "started again");
        await StartBuildAsync();
        await CheckAsync(await _slave.SettleAsync(), "the next build");
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
    private async Task ForgetBaseAsync()
    {
        if (_random.Next(2) == 0 && Directory.Exists(Path.Combine(_slave.WorkDirectory, "bases", _chroot)))
            await Task.Run(() => Directory.Delete(Path.Combine(_slave.WorkDirectory, "bases", _chroot), recursive: true));
    }

    /// <summary>What has to hold after each round. Leaves the slave idle.</summary>
    private async Task CheckAsync(StatusReply status, string when)
    {
        Assert.That(status.Status, Is.EqualTo(BuilderStatus.Waiting), when);
        BuildEnvironment.AssertNothingIsLeft(_slave.Directory);
        Assert.That(Sleepers.Count(Nap), Is.Zero, $"{when}: processes of the build\n{await LogAsync()}");
        Assert.That(
            Directory.GetFileSystemEntries(_slave.WorkDirectory).Select(Path.GetFileName),
            Is.SubsetOf((string[])["builder.journal", "builder.lock", "bases"]), $"{when}: the work folder");
        AssertNothingElseIsLeft(when, _slave.WorkDirectory, BuildId);
        var last = status.BuildStatus == BuildStatus.BuilderFail ? (await LogAsync()).TrimEnd('\n').Split('\n')[^1] : "";
        var outcome = $"{status.BuildStatus} {(last.Contains("in phase ", StringComparison.Ordinal) ? last.Split("in phase ")[1].Split(':')[0] : "")}".Trim();
        _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        await _slave.Client.CleanAsync();
    }

    /// <summary>More places to look at that an environment has.</summary>
    private protected virtual void AssertNothingElseIsLeft(string when, string workDirectory, string buildId)
    {
    }

    private Task<string> LogAsync() => File.ReadAllTextAsync(Path.Combine(_slave.CacheDirectory, "buildlog"));

    private async Task PrintAsync(string what)
    {
        await TestContext.Out.WriteLineAsync(
            $"{Rounds} {what} in {Environment}, {_span.TotalSeconds:0.0} s wide: {string.Join(", ", _outcomes.Select(outcome => $"{outcome.Key} ({outcome.Value})"))}");
        Assert.That(_outcomes, Has.Count.GreaterThan(1), "at one moment only they are not random");
    }
}
