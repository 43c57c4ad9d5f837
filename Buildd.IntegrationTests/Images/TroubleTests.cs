using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>What a hostile or unlucky build of an image leaves, in either environment: nothing.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
[TestFixture(Chroot)]
[TestFixture(Overlay)]
public class TroubleTests(string environment) : LiveFsFixture(environment)
{
    private const long GiB = 1024L * 1024 * 1024;

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_stuck_build_with_mounts_and_a_loop_device_is_aborted_and_leaves_nothing(bool whileInstalling)
    {
        Machine.Require(File.Exists("/dev/loop-control"), "loop devices: 'modprobe loop'");
        using var abort = new CancellationTokenSource();

        var outcome = await BuildAsync(
            await RecipesAsync(StandInRecipes.Stuck),
            whileInstalling ? WhenPhaseBegins("install", abort) : Driver.WhenLogHas("\nholding /dev/loop", abort.CancelAsync),
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_build_that_waits_for_a_server_without_an_answer_is_aborted_and_leaves_nothing()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var abort = new CancellationTokenSource();

        var run = BuildAsync(
            (await SmallArgumentsAsync()) with { ConfigBranch = $"http://{silent.LocalEndpoint}/board.git" }, abort: abort.Token);
        var asked = silent.AcceptSocketAsync();
        Assert.That(await Task.WhenAny(asked, run), Is.SameAs(asked), "git asks the server");
        using var connection = await asked;
        await abort.CancelAsync();
        var outcome = await run;

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_build_of_which_a_large_result_is_being_read_is_aborted_and_leaves_nothing()
    {
        Machine.Require(new DriveInfo("/var/tmp").AvailableFreeSpace > 12 * GiB, "12 GiB of free space in /var/tmp");
        using var abort = new CancellationTokenSource();

        var outcome = await BuildAsync(
            await RecipesAsync(StandInRecipes.Sparse),
            WhenPhaseBegins("gather", abort),
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        AssertNothingIsLeft();
        Assert.That(
            Directory.EnumerateFiles(Slave.Directory, "*", SearchOption.AllDirectories)
                .Where(file => new FileInfo(file).Length > GiB), Is.Empty);
    }

    [Test]
    public async Task A_slave_that_is_killed_while_lb_builds_comes_back_with_BUILDERFAIL_and_nothing_left()
    {
        Machine.Require(File.Exists("/dev/loop-control"), "loop devices: 'modprobe loop'");
        var holding = new TaskCompletionSource();
        var run = BuildAsync(
            await RecipesAsync(StandInRecipes.Stuck),
            Driver.WhenLogHas("\nholding /dev/loop", () => Task.FromResult(holding.TrySetResult())));
        Assert.That(await Task.WhenAny(holding.Task, run), Is.SameAs(holding.Task), Driver.StreamedLog);
        await Slave.KillAsync();
        Assert.That((await run).State, Is.EqualTo(BuildState.NeedsBuild));
        Assert.That(() => AssertNothingIsLeft(), Throws.Exception, "there is something to clean up");

        await using var again = await SlaveDaemon.RestartAsync(Slave);
        var status = await Until.SeenAsync(
            () => again.Client.StatusAsync(), seen => seen.Status == BuilderStatus.Waiting, TimeSpan.FromMinutes(10));

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_result_of_10_GB_that_takes_no_room_is_refused_where_the_disk_has_not_so_much()
    {
        await Slave.DisposeAsync();
        var free = new DriveInfo("/var/tmp").AvailableFreeSpace;
        Machine.Require(free > 6 * GiB, "6 GiB of free space in /var/tmp");
        Slave = await SlaveDaemon.StartWithAsync($"freespacefloor = {free - (5 * GiB)}\n{Section}");

        var outcome = await BuildAsync(await RecipesAsync(StandInRecipes.Sparse));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(Driver.Cause, Is.EqualTo("disk"));
        Assert.That(outcome.Log, Does.Contain("livecd.sparse.img: Not enough space"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_full_disk_ends_the_build_and_is_empty_then()
    {
        await using var disk = await SmallFileSystem.MountAsync(1024 * 1024 * 1024, "dev");
        await Slave.DisposeAsync();
        Slave = await SlaveDaemon.StartWithAsync(Section, disk.Path, []);

        var outcome = await BuildAsync(await RecipesAsync(StandInRecipes.Filling));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(Driver.Cause, Is.EqualTo("disk"));
        Assert.That(Directory.GetDirectories(disk.Path).Select(Path.GetFileName), Is.SubsetOf((string[])["bases"]));
        var kept = (await ProcessRunner.CaptureAsync(Command.Of("du", "-s", "-B1", disk.Path))).Split('\t')[0];
        Assert.That(
            new DriveInfo(disk.Path).AvailableFreeSpace + long.Parse(kept, CultureInfo.InvariantCulture),
            Is.GreaterThan(1000L * 1024 * 1024), "only what is kept for the next build takes room");
    }

    private static Func<MasterEvent, ValueTask> WhenPhaseBegins(string phase, CancellationTokenSource abort) => async happened =>
    {
        if (happened is BuildPhaseChanged { Duration: null } changed && changed.Phase == phase)
            await abort.CancelAsync();
    };
}
