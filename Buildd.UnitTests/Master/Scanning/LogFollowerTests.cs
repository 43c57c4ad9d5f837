using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Scanning;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LogFollowerTests
{
    private readonly ScriptedSlave _slave = new();
    private readonly LogFollower _follower;

    public LogFollowerTests() => _follower = new LogFollower(_slave, new RecordingLogger<LogFollower>());

    [Test]
    public async Task It_reads_on_from_where_it_stopped()
    {
        await Served("abc");
        await Served("abcdef");

        Assert.That(_slave.Calls, Is.EqualTo(["GET buildlog+0", "GET buildlog+3"]));
    }

    [Test]
    public async Task Nothing_new_is_no_event()
    {
        await Served("abc");

        Assert.That(await Served("abc"), Is.Empty);
    }

    [Test]
    public async Task A_long_log_comes_in_pieces()
    {
        var log = new string('x', 100_000);

        var events = await Served(log);

        Assert.That(events, Has.Count.GreaterThan(1));
        Assert.That(events.Log(), Is.EqualTo(log));
    }

    [Test]
    public async Task A_log_that_is_shorter_than_before_is_told_from_its_beginning()
    {
        await Served("the first log");

        var events = await Served("new");

        Assert.That(events[0], Is.TypeOf<LogRestarted>());
        Assert.That(events.Log(), Is.EqualTo("new"));
        Assert.That((await Served("new log")).Log(), Is.EqualTo(" log"));
    }

    [Test]
    public async Task An_answer_that_makes_no_sense_is_no_restart()
    {
        await Served("abc");
        _slave.OnOpen = (name, offset) => offset > 0 ? throw new SlaveProtocolException("HTML") : _slave.Open(name, offset);
        Assert.That(await Served("abcdef"), Is.Empty);
        _slave.OnOpen = null;

        Assert.That((await Served("abcdef")).Log(), Is.EqualTo("def"));
    }

    [Test]
    public async Task After_a_connection_that_breaks_it_goes_on_where_it_got_to()
    {
        _slave.OnOpen = (_, offset) => new SlaveFile(6, offset, new BreakingStream(Bytes("abc")));
        Assert.That((await Follow(Building())).Log(), Is.EqualTo("abc"));
        _slave.OnOpen = null;

        Assert.That((await Served("abcdef")).Log(), Is.EqualTo("def"));
        Assert.That(_slave.Calls[^1], Is.EqualTo("GET buildlog+3"));
    }

    [Test]
    public async Task A_log_that_cannot_be_opened_is_tried_again()
    {
        _slave.OnOpen = (_, _) => throw ScriptedSlave.Broken;
        Assert.That(await Follow(Building("tail")), Is.Empty);
        _slave.OnOpen = null;

        Assert.That((await Served("abc")).Log(), Is.EqualTo("abc"));
    }

    [Test]
    public async Task A_slave_that_does_not_serve_it_has_the_end_of_its_log_put_together()
    {
        var log = string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i}\n"));
        var events = new List<BuildEvent>();

        foreach (var end in new[] { 10, 500, 500, 2000, 4000 })
            events.AddRange(await Follow(Building(log[Math.Max(0, end - 2048)..end])));

        Assert.That(events.Log(), Is.EqualTo(log[..4000]));
        Assert.That(events.Cast<LogGrew>().Select(grew => (grew.Offset, grew.Continuous)),
            Is.EqualTo(Enumerable.Repeat((default(long?), true), 4)));
        Assert.That(_slave.Calls, Has.Count.EqualTo(1), "the file is no longer asked for");
    }

    [Test]
    public async Task An_end_that_does_not_overlap_is_told_as_a_gap()
    {
        await Follow(Building(new string('a', 2048)));

        var events = await Follow(Building(new string('b', 2048)));

        Assert.That(((LogGrew)events.Single()).Continuous, Is.False);
    }

    [Test]
    public async Task A_log_that_is_served_a_little_later_is_read_from_the_file()
    {
        Assert.That(await Follow(Building()), Is.Empty);

        Assert.That(((LogGrew)(await Served("abc")).Single()).Offset, Is.Zero);
    }

    [Test]
    public async Task A_log_that_vanishes_after_it_was_read_is_not_replaced_by_its_end()
    {
        await Served("abc");
        _slave.Files.Clear();

        Assert.That(await Follow(Building("abcdef")), Is.Empty);
    }

    private Task<List<BuildEvent>> Served(string log)
    {
        _slave.Files["buildlog"] = Bytes(log);
        return Follow(Building());
    }

    private Task<List<BuildEvent>> Follow(StatusReply status) => _follower.FollowAsync(status, CancellationToken.None).ToListAsync();

    private sealed class BreakingStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw ScriptedSlave.Broken;
    }
}
