using Buildd.Backends.PlugIn;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class StatusFileTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly PlugInBench _bench;
    private readonly StatusFile _file;

    public StatusFileTests()
    {
        _bench = new PlugInBench(_time);
        _file = new StatusFile(_bench, _bench["status"]);
    }

    public void Dispose() => _bench.Dispose();

    [Test]
    public void Each_reading_takes_the_place_of_the_one_before()
    {
        _bench.SetStatusMember("phases", 1);

        Assert.That(Read("{\"a\": 1, \"b\": 2}"), Is.EqualTo(new[] { "phases", "a", "b" }));
        Assert.That(Read("{\"b\": 3, \"c\": 4}"), Is.EqualTo(new[] { "phases", "b", "c" }));
        Assert.That(((XmlRpcInteger)_bench.Members["b"]).Value, Is.EqualTo((System.Numerics.BigInteger)3));
        Assert.That(Read("{}"), Is.EqualTo(new[] { "phases" }));
    }

    [Test]
    public void A_file_that_is_removed_takes_its_members_along()
    {
        Read("{\"a\": 1}");
        File.Delete(_bench["status"]);

        _file.Read();

        Assert.That(_bench.Members, Is.Empty);
        Assert.That(_bench.LogText, Is.Empty);
    }

    [Test]
    public void Members_that_are_the_slave_s_own_are_left_out() =>
        Assert.That(Read("{\"phases\": 1, \"failure_cause\": 2, \"mine\": 3}"), Is.EqualTo(new[] { "mine" }));

    [Test]
    public void What_can_not_be_used_leaves_the_last_reading_and_is_told_once()
    {
        Read("{\"a\": 1}");

        Assert.That(Read("{\"b\":"), Is.EqualTo(new[] { "a" }));
        Assert.That(Read("[]"), Is.EqualTo(new[] { "a" }));
        Assert.That(_bench.LogText, Does.Match("^The file 'status' of the build can't be used: it is no JSON object: .*\n$"));
        Assert.That(Read("{\"b\": 1}"), Is.EqualTo(new[] { "b" }), "it is read on");
    }

    [Test]
    public void A_file_that_is_too_large_is_told_with_its_size()
    {
        Assert.That(Read("{\"a\": \"" + new string('x', StatusFile.MaxBytes) + "\"}"), Is.Empty);
        Assert.That(_bench.LogText, Does.Contain($"it has {StatusFile.MaxBytes + 9} bytes; {StatusFile.MaxBytes} are the most"));
    }

    [Test]
    public void A_link_is_not_followed()
    {
        File.WriteAllText(_bench["other"], "{\"a\": 1}");
        File.CreateSymbolicLink(_bench["status"], _bench["other"]);

        _file.Read();

        Assert.That(_bench.Members, Is.Empty);
        Assert.That(_bench.LogText, Does.Contain("symbolic link"));
    }

    [Test]
    public async Task It_is_read_every_second_until_told_to_stop()
    {
        using var stop = new CancellationTokenSource();
        var following = _file.FollowAsync(stop.Token);
        File.WriteAllText(_bench["status"], "{\"a\": 1}");
        Assert.That(_bench.Members, Is.Empty);

        _time.Advance(TimeSpan.FromSeconds(1));
        await Until.TrueAsync(() => _bench.Members.ContainsKey("a"));
        await stop.CancelAsync();
        await following;

        Assert.That(_time.Waits, Has.All.EqualTo(TimeSpan.FromSeconds(1)));
    }

    private IEnumerable<string> Read(string content)
    {
        File.WriteAllText(_bench["status"], content);
        _file.Read();
        return _bench.Members.Keys;
    }
}
