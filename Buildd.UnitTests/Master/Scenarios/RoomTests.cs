using Buildd.Linux.Files;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Results that no master takes, and results and logs for which the disk has no room.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class RoomTests : IAsyncDisposable
{
    private const long MiB = 1 << 20;

    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task Results_that_are_more_than_a_build_may_leave_end_it_with_log_and_mail_and_free_its_builder()
    {
        _farm.Options = _farm.Options with { MaxResultBytes = 10 };
        var (slave, build) = await BuildingAsync();
        slave.Log("built\n");
        slave.End(BuildStatus.Ok, ("a.deb", "12345"), ("b.deb", "678901"));

        await FailsAsync(slave, build, "Its results have more than 10 bytes, the most that a build may leave.");
    }

    [Test]
    public async Task Results_that_the_disk_could_never_hold_end_it_at_once()
    {
        _farm.TotalBytes = (64 * MiB) + 4;
        var (slave, build) = await BuildingAsync();
        slave.End(BuildStatus.Ok, ("a.deb", "12345"));
        var start = _farm.Now;

        await FailsAsync(slave, build, $"Its results have more than 4 bytes, all that the disk of {_farm.Root} could hold.");
        Assert.That(_farm.Now - start, Is.LessThan(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public async Task Results_without_room_wait_for_a_day_and_then_end_their_build()
    {
        _farm.FreeBytes = 64 * MiB;
        var (slave, build) = await BuildingAsync();
        slave.End(BuildStatus.Ok, ("a.deb", "12345"));
        await _farm.PassAsync(TimeSpan.FromHours(23));
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.Gathering));

        await FailsAsync(slave, build, "Its results could not be fetched for 1.00:00:00: ");
    }

    [Test]
    public async Task Results_for_which_there_is_room_again_are_fetched()
    {
        _farm.FreeBytes = 64 * MiB;
        var (slave, build) = await BuildingAsync();
        slave.End(BuildStatus.Ok, ("a.deb", "12345"));
        await _farm.PassAsync(TimeSpan.FromHours(1));

        _farm.FreeBytes = 65 * MiB;

        await _farm.UntilAsync(build, BuildState.Uploading);
        Assert.That((await _farm.FindAsync("bob")).Failures, Is.Zero);
    }

    [Test]
    public async Task A_log_leaves_room_and_the_build_goes_on()
    {
        var (slave, build) = await BuildingAsync();
        _farm.FreeBytes = (64 * MiB) + 10;
        slave.Log("0123456789 and more\n");

        slave.End(BuildStatus.PackageFail);
        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(
            _farm.LogText(build), Is.EqualTo("0123456789\n[the farm's disk has no room for more: the rest is not kept]\n"));
        Assert.That((await _farm.FindAsync("bob")).Failures, Is.Zero);
    }

    [Test]
    public async Task Without_any_room_a_build_ends_all_the_same()
    {
        var (slave, build) = await BuildingAsync();
        slave.Log("all is lost\n");
        await _farm.PassAsync(TimeSpan.FromMinutes(1));
        _farm.FreeBytes = 0;

        slave.End(BuildStatus.PackageFail);
        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(_farm.LogText(build), Is.EqualTo("\n[the farm's disk has no room for more: the rest is not kept]\n"));
    }

    [TestCase("-rf", "it begins with a dash")]
    [TestCase(".hidden", "it begins with a dot")]
    [TestCase("buildlog", "the log has that name")]
    [TestCase("a\\b", "it has a slash or a backslash in it")]
    [TestCase("a\nb", "it has a control character in it")]
    public async Task A_result_whose_name_is_refused_ends_its_build_and_blames_no_builder(string name, string mistake)
    {
        var (slave, build) = await BuildingAsync();
        slave.Log("it was built\n");

        slave.End(BuildStatus.Ok, ("a.deb", "12345"), (name, "x"));

        await FailsAsync(slave, build, $"The file map of {slave.Url} has the file {FileName.Display(name)}: {mistake}.");
        Assert.That(_farm.LogText(await _farm.FindAsync(build)), Does.StartWith("it was built\n"));
    }

    private async Task<(SocketSlave Slave, Build Build)> BuildingAsync()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building && _farm.Master.IsQuiet);
        return (slave, build);
    }

    private async Task FailsAsync(SocketSlave slave, Build build, string reason)
    {
        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(build.Reason, Does.StartWith(reason));
        Assert.That(_farm.LogText(build), Does.EndWith($"{build.Reason}\n"));
        await _farm.UntilAsync(() => !_farm.Told.IsEmpty); // people are notified when the build's record is stored
        Assert.That(_farm.Told, Is.EqualTo(new[] { $"{build.Cookie} FAILEDTOBUILD" }));
        Assert.That(_farm.Leaves("incoming").Concat(_farm.Leaves("grabbing")), Is.Empty);
        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Clean);
        Assert.That((build.Failures, (await _farm.FindAsync("bob")).Failures), Is.EqualTo((0, 0)));
        Assert.That(slave.Status.Status, Is.EqualTo(BuilderStatus.Idle));
    }
}
