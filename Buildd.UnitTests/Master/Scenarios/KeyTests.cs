using Buildd.Master.Builds;
using Buildd.Master.Connections;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Slaves that want a token.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class KeyTests : FaultFixture, IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task With_the_token_a_build_is_handed_out_and_collected()
    {
        _farm.Options = _farm.Options with { SlaveKeys = new SlaveKeys { TokenFile = Write("common") } };
        var slave = Guard(await _farm.AddAsync("bob"), "common");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        slave.End(BuildStatus.Ok, ("hello.deb", "a package"));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That((build.Attempt, build.Failures), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task A_slave_that_refuses_the_token_is_asked_for_six_minutes_and_its_builder_says_which_token_it_was()
    {
        var path = Write("wrong");
        var slave = Guard(await _farm.AddAsync("bob", builder => builder with { TokenFile = path }), "right");
        var build = await _farm.QueueAsync();
        _farm.Start();

        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bob")).InService);
        var asked = slave.Count("status");
        await _farm.PassAsync(TimeSpan.FromHours(1));

        Assert.That((await _farm.FindAsync("bob")).FailNotes, Is.EqualTo(
            $"bob refuses the token in '{path}': status at {slave.Url}: answered with HTTP status 401. Its slave's token-file has to hold "
                + "the same."));
        Assert.That((asked, slave.Count("status")), Is.EqualTo((25, 25)));
        Assert.That(_farm.Told, Has.One.StartsWith("bob: bob refuses the token in"));
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.NeedsBuild));
        Assert.That(_farm.Log, Has.None.Contains("wrong-token"), "a token is in no log");
    }

    [Test]
    public async Task A_token_that_the_master_can_not_read_blames_nobody_and_asks_nobody()
    {
        var slave = Guard(await _farm.AddAsync("bob", builder => builder with { TokenFile = _folder["token"] }), "late");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromHours(1));

        Assert.That((slave.Count("status"), (await _farm.FindAsync("bob")).Failures), Is.EqualTo((0, 0)));
        Assert.That(_farm.Log, Has.Some.Contains($"A key to slaves can't be used: there is no file '{_folder["token"]}'."));

        File.Move(Write("late"), _folder["token"], overwrite: true);
        await _farm.UntilAsync(build, BuildState.Building);
    }

    [Test]
    public async Task Another_token_for_a_builder_counts_as_soon_as_its_record_is_read()
    {
        var slave = Guard(await _farm.AddAsync("bob", builder => builder with { TokenFile = Write("wrong") }), "right");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromSeconds(20));

        var bob = await _farm.FindAsync("bob");
        await _farm.Builders.TryReplaceAsync([bob with { TokenFile = Write("right") }]);

        await _farm.UntilAsync(() => slave.Count($"build {build.Cookie}") == 1);
    }

    [Test]
    public void A_master_is_not_made_with_a_key_that_can_not_be_read()
    {
        _farm.Options = _farm.Options with { SlaveKeys = new SlaveKeys { TokenFile = _folder["missing"] } };

        Assert.That(() => _farm.Make(), Throws.TypeOf<SlaveKeyException>().With.Message.Contains(_folder["missing"]));
    }

    private static SocketSlave Guard(SocketSlave slave, string token)
    {
        slave.Instead = (_, http) =>
        {
            var isRefused = http.Request.Headers.Authorization != $"Bearer {token}-token";
            if (isRefused)
                http.Response.StatusCode = 401;
            return Task.FromResult(isRefused);
        };
        return slave;
    }

    private string Write(string token)
    {
        var path = _folder[token];
        File.WriteAllText(path, $"{token}-token\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        return path;
    }
}
