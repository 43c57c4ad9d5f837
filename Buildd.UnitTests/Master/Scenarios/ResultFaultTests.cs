using Buildd.Master.Builds;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using static Buildd.UnitTests.Master.Replies;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Results that are wrong, cut off or hostile.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class ResultFaultTests : FaultFixture
{
    [Test]
    public async Task A_file_with_another_sum_is_fetched_again_and_counted_and_nothing_of_it_lands()
    {
        var (slave, build) = await BuildingAsync();
        slave.Files[Sha1Of("right")] = Bytes("wrong");
        slave.EndWith(BuildStatus.Ok, ("a.deb", Sha1Of("right")));

        await _farm.UntilAsync(async () => await CountsAsync(build) == (1, 1));
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.Gathering));
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        slave.Files[Sha1Of("right")] = Bytes("right");
        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(slave.Deeds.Count(call => call.StartsWith("GET", StringComparison.Ordinal)), Is.GreaterThanOrEqualTo(6));
        Assert.That(_farm.Leaves("incoming"), Is.EqualTo(new[] { build.Leaf }));
    }

    [Test]
    public async Task Results_that_never_come_right_are_given_up_and_the_build_goes_elsewhere()
    {
        var (slave, build) = await BuildingAsync();
        slave.EndWith(BuildStatus.Ok, ("a.deb", Sha1Of("it has no such file")));

        await _farm.UntilAsync(() => slave.CountStarting("build ") == 2);

        Assert.That(await CountsAsync(build), Is.EqualTo((3, 3)));
        Assert.That(_farm.Leaves("grabbing"), Is.Empty);
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
    }

    [Test]
    public async Task A_file_that_is_cut_off_is_gone_on_with()
    {
        var (slave, build) = await BuildingAsync();
        var text = string.Concat(Enumerable.Repeat("0123456789", 10_000));
        var cuts = 0;
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("GET " + Sha1Of(text), StringComparison.Ordinal) || cuts++ > 3)
                return false;
            if (!call.EndsWith("+0", StringComparison.Ordinal))
            {
                http.Abort();
                return true;
            }

            http.Response.ContentLength = text.Length;
            await http.Response.Body.WriteAsync(Bytes(text[..60_000]));
            await http.Response.Body.FlushAsync();
            // Too short: the server ends the connection. An abort would throw away what the client has not read yet.
            return true;
        };
        slave.End(BuildStatus.Ok, ("a.txt", text));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(build.Files, Is.EqualTo(new[] { new BuildFile("a.txt", text.Length, Sha1.Parse(Sha1Of(text)), Sha256(text)) }));
        Assert.That(slave.CountStarting($"GET {Sha1Of(text)}+0"), Is.EqualTo(1), "all others went on somewhere");
    }

    [TestCase("../../etc/passwd")]
    [TestCase("/etc/passwd")]
    [TestCase("a/b")]
    public async Task Names_that_escape_fail_before_anything_is_fetched(string name)
    {
        var (slave, build) = await BuildingAsync();
        slave.EndWith(BuildStatus.Ok, (name, Sha1Of("x")), ("fine.deb", Sha1Of("y")));

        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).Failures == 1);

        Assert.That(slave.Deeds, Has.None.StartsWith("GET"));
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        await _farm.UntilAsync(() => slave.CountStarting("build ") == 2); // parted at once: it would say the same again
    }

    [Test]
    public async Task A_file_that_never_ends_is_not_fetched_for_want_of_room_and_nobody_is_blamed()
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("GET " + Sha1Of("x"), StringComparison.Ordinal))
                return false;
            http.Response.ContentLength = 1L << 35; // more than there is room for now, and less than there can be
            await http.Response.Body.WriteAsync(new byte[1000]);
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        _farm.FreeBytes = 1L << 30;
        slave.EndWith(BuildStatus.Ok, ("endless", Sha1Of("x")));
        await _farm.PassAsync(TimeSpan.FromMinutes(5));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
        Assert.That(_farm.Log, Has.Some.Contains("has no room for"));

        slave.Instead = null;
        slave.End(BuildStatus.Ok, ("small", "y"));
        await _farm.UntilAsync(build, BuildState.Uploading);
    }
}
