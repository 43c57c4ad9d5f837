using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Kills;

/// <summary>
/// The daemon is killed, at every change of its journal and at random moments, and started again: it then is idle with a
/// clean house, or waits with all results and the same status, or has ended what was left and says so. It never forgets a
/// build that it had accepted, never stays building, and never has half a file under a valid name.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class KillTests
{
    /// <summary>How far the random kills reach, as a part of what a whole build takes: beyond its end too.</summary>
    private const double Reach = 1.2;

    /// <summary>How long the processes sleep that the build leaves behind; the fraction tells them from those of other runs.</summary>
    private static readonly string Nap = string.Create(CultureInfo.InvariantCulture, $"300.{Environment.ProcessId}");

    /// <summary>
    /// Leaves processes in every way that a build can, and two results. None holds the plug-in's output open: the slave would wait for
    /// it, and most moments would lie in that wait.
    /// </summary>
    private static readonly string PlugIn = $"#!/bin/sh\nnap={Nap}\n{Scripts.Text(typeof(KillTests), "Kills/leave-processes.sh")}\n";

    [SetUp]
    public void RequireRoot() => Machine.Require(CurrentUser.IsRoot, "root, to see and end other users' processes");

    [Test]
    public async Task Killed_at_every_change_of_the_journal_it_comes_back_right()
    {
        Machine.Require(File.Exists("/usr/bin/gcc"), "/usr/bin/gcc: run 'make test', which installs it");
        using var folder = new TemporaryDirectory();
        var library = folder["kill-at-write.so"];
        await ProcessRunner.CaptureAsync(Command.Of(
            "gcc", "-shared", "-fPIC", "-O2", "-o", library, Path.Combine(Repository.Root, "Buildd.IntegrationTests/Kills/kill-at-write.c"),
            "-ldl"));

        var changes = await CountChangesAsync(library, folder["count"]);
        Assert.That(changes, Is.GreaterThan(6), "accepting, the phases, two results, the end, and two for cleaning");

        var outcomes = new List<string>();
        foreach (var moment in (string[])["half", "before", "after"])
        {
            for (var at = 1; at <= changes; at++)
                outcomes.Add(await KillAtAsync(library, moment, at));
        }

        var counts = outcomes.CountBy(outcome => outcome).OrderBy(count => count.Key, StringComparer.Ordinal)
            .Select(count => $"{count.Key} ({count.Value})");
        await TestContext.Out.WriteLineAsync($"{outcomes.Count} kills: {string.Join(", ", counts)}");
        Assert.That(outcomes, Has.Some.StartWith("Idle").And.Some.Contains("Ok").And.Some.Contains("BuilderFail"));
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Killed_at_random_moments_it_comes_back_right()
    {
        using var run = LongRun.Begin("kills of the slave", sample: 10, full: 100);
        await using var slave = await KillableSlave.PrepareAsync(PlugIn);
        var chroot = await slave.AddChrootAsync();

        await slave.StartAsync();
        var whole = Stopwatch.StartNew();
        await new Driver(slave, chroot, abort: false).RunAsync();
        var span = whole.Elapsed * Reach;

        foreach (var round in run.EachRound())
        {
            var driver = new Driver(slave, chroot, abort: run.Random.Next(4) == 0);
            var driving = driver.RunAsync();
            await run.MomentAsync(round, span, () => driving);
            await slave.KillAsync();
            await driving;
            await slave.StartAsync();
            run.Count(await CheckAsync(slave, driver, $"kill {round} of seed {run.Seed}"));
        }

        Assert.That(run.Outcomes, Has.Count.GreaterThan(1), "kills at one moment only are no random ones");
    }

    private static async Task<int> CountChangesAsync(string library, string report)
    {
        await using var slave = await KillableSlave.PrepareAsync(PlugIn);
        Preload(slave, library);
        slave.Environment["KILL_COUNT"] = report;
        await slave.StartAsync();
        var driver = new Driver(slave, await slave.AddChrootAsync(), abort: false);
        await driver.RunAsync();
        Assert.That(driver.Stage, Is.EqualTo(Stage.Cleaned));
        return int.Parse(await File.ReadAllTextAsync(report), CultureInfo.InvariantCulture);
    }

    private static async Task<string> KillAtAsync(string library, string moment, int at)
    {
        await using var slave = await KillableSlave.PrepareAsync(PlugIn);
        Preload(slave, library);
        slave.Environment["KILL_MOMENT"] = moment;
        slave.Environment["KILL_AT"] = at.ToString(CultureInfo.InvariantCulture);
        var driver = new Driver(slave, await slave.AddChrootAsync(), abort: false);
        await slave.StartAsync();
        await driver.RunAsync();
        await slave.EndedAsync(); // times out when it was not killed

        slave.Environment.Clear();
        await slave.StartAsync();
        return await CheckAsync(slave, driver, $"{moment} change {at}");
    }

    private static void Preload(KillableSlave slave, string library)
    {
        slave.Environment["LD_PRELOAD"] = library;
        slave.Environment["KILL_PATH"] = Path.Combine(slave.WorkDirectory, "builder.journal");
    }

    /// <summary>Everything that has to hold after a start, whatever happened before. Leaves the slave idle.</summary>
    /// <returns>What was found, and how far the master had got.</returns>
    private static async Task<string> CheckAsync(KillableSlave slave, Driver driver, string when)
    {
        var status = await slave.SettleAsync();
        string outcome;
        if (status.Status == BuilderStatus.Idle)
        {
            // Idle is right when nothing was accepted, or when it had been cleaned; else a build would be forgotten.
            Assert.That(
                driver.Stage, Is.EqualTo(Stage.Idle).Or.EqualTo(Stage.AskedToBuild).Or.EqualTo(Stage.AskedToClean)
                    .Or.EqualTo(Stage.Cleaned), when);
            outcome = $"Idle after {driver.Stage}";
        }
        else
        {
            Assert.That(status.Status, Is.EqualTo(BuilderStatus.Waiting), when);
            Assert.That(driver.Stage, Is.Not.EqualTo(Stage.Idle).And.Not.EqualTo(Stage.Cleaned), when);
            if (driver.Waiting is { } waiting)
                Assert.That(Driver.Written(status), Is.EqualTo(waiting), $"{when}: the same status as before");
            await CheckWaitingAsync(slave, status, when);
            outcome = $"Waiting {status.BuildStatus} after {driver.Stage}";
            Assert.That((await slave.Client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle), when);
        }

        await CheckHouseAsync(slave, when);
        return outcome;
    }

    private static async Task CheckWaitingAsync(KillableSlave slave, StatusReply status, string when)
    {
        foreach (var (name, sha1) in status.FileMap ?? new Dictionary<string, string>())
        {
            await using var file = await slave.Client.OpenFileAsync(sha1);
            Assert.That(
                Convert.ToHexStringLower(await CryptographicOperations.HashDataAsync(HashAlgorithmName.SHA1, file.Content)),
                Is.EqualTo(sha1), $"{when}: {name}");
        }

        await using var log = await slave.Client.OpenFileAsync("buildlog");
        using var reader = new StreamReader(log.Content);
        var lines = (await reader.ReadToEndAsync()).TrimEnd('\n').Split('\n');
        switch (status.BuildStatus)
        {
            case BuildStatus.Ok:
                Assert.That(status.FileMap!.Keys, Is.EquivalentTo((string[])["first.bin", "second.bin"]), when);
                break;
            case BuildStatus.Aborted:
                break; // it had ended before the slave was killed
            default:
                Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail), when);
                Assert.That(
                    lines[^1], Does.Match(
                        "^The slave was killed or its machine went down (in phase [a-z]+|before the first phase): the build has failed.$"),
                        when);
                break;
        }
    }

    private static async Task CheckHouseAsync(KillableSlave slave, string when)
    {
        BuildEnvironment.AssertNothingIsLeft(slave.Directory);
        Assert.That(Sleepers.Count(Nap), Is.Zero, $"{when}: processes of the build");
        foreach (var path in Directory.GetFiles(slave.CacheDirectory))
        {
            await using var file = File.OpenRead(path);
            Assert.That(
                Convert.ToHexStringLower(await CryptographicOperations.HashDataAsync(HashAlgorithmName.SHA1, file)),
                Is.EqualTo(Path.GetFileName(path)), $"{when}: a file whose name is not its sum");
        }

        Assert.That(
            Directory.GetFileSystemEntries(slave.WorkDirectory).Select(Path.GetFileName),
            Is.SubsetOf((string[])["builder.journal", "builder.lock", "bases"]), $"{when}: the work folder");
    }
}
