using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>How often slaves are looked at, what is told of it, and slaves that answer slowly or without end.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class WatchTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [TestCase("sbuild", 0, 15)]
    [TestCase("gather", 0, 2)]
    [TestCase("sbuild", 57, 2)]
    [TestCase("sbuild", 90, 15)]
    public async Task A_build_is_looked_at_every_fifteen_seconds_and_more_often_when_it_is_about_to_end(
        string phase, int minutes, int seconds)
    {
        var (slave, _) = await BuildingAsync(build => build with { EstimatedDuration = TimeSpan.FromHours(1) });
        slave.Status = slave.Status with { Extra = Phase(phase) };
        await _farm.PassAsync(TimeSpan.FromMinutes(minutes) + TimeSpan.FromSeconds(30));
        var before = slave.Count("status");

        await _farm.PassAsync(TimeSpan.FromMinutes(1));

        Assert.That(slave.Count("status") - before, Is.EqualTo(60 / seconds).Within(1));
    }

    [Test]
    public async Task Intervals_are_those_of_the_options()
    {
        _farm.Options = _farm.Options with { PollInterval = TimeSpan.FromSeconds(5), FastPollInterval = TimeSpan.FromSeconds(1) };
        var (slave, _) = await BuildingAsync(build => build with { EstimatedDuration = TimeSpan.FromHours(1) });
        var before = slave.Count("status");
        await _farm.PassAsync(TimeSpan.FromMinutes(1));
        Assert.That(slave.Count("status") - before, Is.EqualTo(12).Within(1));

        slave.Status = slave.Status with { Extra = Phase("cleanup") };
        await _farm.PassAsync(TimeSpan.FromSeconds(10));
        before = slave.Count("status");
        await _farm.PassAsync(TimeSpan.FromMinutes(1));

        Assert.That(slave.Count("status") - before, Is.EqualTo(60).Within(1));
    }

    [Test]
    public async Task Events_tell_of_phases_and_of_the_log_that_grows()
    {
        var (slave, build) = await BuildingAsync();
        using var stop = new CancellationTokenSource();
        await using var events = _farm.Master.Events(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        slave.Log("one\n");
        slave.Status = slave.Status with { Extra = Phase("unpack") };
        await _farm.PassAsync(TimeSpan.FromSeconds(20));
        slave.Log("two\n");
        slave.Status = slave.Status with { Extra = Phase("unpack", 7.5, "mount") };
        await _farm.PassAsync(TimeSpan.FromSeconds(20));

        var seen = new List<string>();
        while (seen.Count < 5 && await events.MoveNextAsync())
        {
            if (events.Current is BuildPhaseChanged phase)
                seen.Add(string.Create(CultureInfo.InvariantCulture, $"{phase.Build.Cookie} {phase.Phase} {phase.Duration?.TotalSeconds}"));
            else if (events.Current is BuildLogGrew grew)
                seen.Add($"{grew.Build.Cookie} {grew.Length}");
        }

        Assert.That(
            seen, Is.EqualTo(
                new[]
                {
                    $"{build.Cookie} unpack ",
                    $"{build.Cookie} 4",
                    $"{build.Cookie} unpack 7.5",
                    $"{build.Cookie} mount ",
                    $"{build.Cookie} 8",
                }));
    }

    [TestCase(BuildStatus.PackageFail)]
    [TestCase(BuildStatus.BuilderFail)]
    public async Task Phases_that_end_between_two_looks_are_told_and_so_is_progress(BuildStatus end)
    {
        var (slave, _) = await BuildingAsync();
        using var stop = new CancellationTokenSource();
        await using var events = _farm.Master.Events(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        slave.Status = slave.Status with { Extra = Progress("chroot", 0.25) };
        await _farm.PassAsync(TimeSpan.FromSeconds(20));
        slave.Status = slave.Status with { Extra = Phase("livefs", 60.0) };
        slave.EndWith(end);
        await _farm.PassAsync(TimeSpan.FromSeconds(20));

        var seen = new List<string>();
        while (seen.Count < 3 && await events.MoveNextAsync())
        {
            if (events.Current is BuildProgressed progress)
                seen.Add(string.Create(CultureInfo.InvariantCulture, $"{progress.Stage} {progress.Fraction}"));
            else if (events.Current is BuildPhaseChanged phase)
                seen.Add(string.Create(CultureInfo.InvariantCulture, $"{phase.Phase} {phase.Duration?.TotalSeconds}"));
        }

        Assert.That(seen, Is.EqualTo(new[] { "chroot 0.25", "livefs ", "livefs 60" }));
    }

    [Test]
    public async Task Figures_and_spans_are_those_of_the_meter_and_the_source_of_that_name()
    {
        var figures = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        var own = new AsyncLocal<bool>(); // tests run at the same time, each with meters of its own
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (own.Value && instrument.Meter.Name == "Buildd.Master")
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        meters.Start();
        var spans = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Buildd.Master",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("builder") as string == "traced")
                    spans.Enqueue($"{span.OperationName} {span.GetTagItem("build")} {span.Status}");
            },
        };
        ActivitySource.AddActivityListener(listener);
        own.Value = true;
        _farm.Make();
        own.Value = false;
        var slave = await _farm.AddAsync("traced");
        slave.OnBuild = _ => slave.End(BuildStatus.Ok, ("a.deb", "12345"));
        var build = await _farm.QueueAsync();
        await _farm.QueueAsync(other => other with { Processor = "riscv64" });
        _farm.Start();
        await _farm.UntilAsync(build, BuildState.Uploading);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        await slave.DieAsync();
        await _farm.UntilAsync(async () => (await _farm.FindAsync("traced")).Failures > 0);
        meters.RecordObservableInstruments();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures["buildd.master.dispatched manager=binarypackage"], Is.EqualTo(1));
            Assert.That(figures["buildd.master.finished state=UPLOADING"], Is.EqualTo(1));
            Assert.That(figures["buildd.master.failures builder=traced"], Is.EqualTo(1));
            Assert.That(figures["buildd.master.gathered"], Is.EqualTo(5));
            Assert.That(figures["buildd.master.scan.duration outcome=ok"], Is.GreaterThanOrEqualTo(3));
            Assert.That(figures["buildd.master.scan.duration outcome=failed"], Is.EqualTo(5));
            Assert.That(figures["buildd.master.scan.lateness"], Is.GreaterThan(0));
            Assert.That(figures["buildd.master.waiting"], Is.EqualTo(1));
            Assert.That(
                figures.Where(figure => figure.Key.StartsWith("buildd.master.builders ", StringComparison.Ordinal))
                    .Sum(figure => figure.Value), Is.EqualTo(1));
            Assert.That(
                spans, Has.Member("scan  Unset").And.Member("scan  Error").And.Member("dispatch PACKAGEBUILD-1 Unset")
                    .And.Member("gather PACKAGEBUILD-1 Unset"));
        }

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = string.Join(' ', [instrument.Name, .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
            figures.AddOrUpdate(name, value, (_, before) => before + value);
        }
    }

    [Test]
    public async Task A_slow_slave_is_waited_for_up_to_the_time_of_a_call_and_nobody_is_blamed()
    {
        var (slave, build) = await BuildingAsync();
        using var asked = new SemaphoreSlim(0);
        using var answer = new SemaphoreSlim(0);
        slave.Instead = async (call, http) =>
        {
            if (call != "status")
                return false;
            asked.Release();
            await answer.WaitAsync(http.RequestAborted);
            return false;
        };
        for (var i = 0; i < 6; i++)
        {
            await _farm.UntilAsync(() => asked.Wait(0));
            if (i == 5)
                slave.Instead = null;
            _farm.Time.Advance(TimeSpan.FromSeconds(39));
            answer.Release();
        }

        slave.End(BuildStatus.PackageFail);
        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That((build.Attempt, build.Failures, (await _farm.FindAsync("bob")).Failures), Is.EqualTo((1, 0, 0)));
    }

    [Test]
    public async Task An_answer_without_end_is_cut_off_and_counted()
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = async (_, http) =>
        {
            var piece = Bytes(new string(' ', 64 * 1024));
            try
            {
                while (!http.RequestAborted.IsCancellationRequested)
                    await http.Response.Body.WriteAsync(piece, http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // cut off
            }

            return true;
        };

        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).Failures == 1);

        Assert.That(_farm.Log, Has.Some.Contains("more bytes than the limit"));
        Assert.That((await _farm.FindAsync("bob")).Failures, Is.EqualTo(1));
    }

    [Test]
    public async Task A_file_that_never_says_how_long_it_is_is_refused_and_counted()
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("GET " + Sha1Of("x"), StringComparison.Ordinal))
                return false;
            try
            {
                while (!http.RequestAborted.IsCancellationRequested)
                    await http.Response.Body.WriteAsync(new byte[1000], http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // refused
            }

            return true;
        };
        slave.EndWith(BuildStatus.Ok, ("endless", Sha1Of("x")));

        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).Failures == 1);

        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        Assert.That(_farm.Log, Has.Some.Contains("no Content-Length"));
        slave.Instead = null;
        slave.End(BuildStatus.Ok, ("small", "y"));
        await _farm.UntilAsync(build, BuildState.Uploading);
    }

    [Test]
    public async Task A_reset_that_does_not_end_is_killed_and_counted()
    {
        var file = Path.Combine(_farm.Root, "pid");
        _farm.Options = _farm.Options with
        {
            ResumeCommand = ["/bin/sh", "-c", "echo stuck; echo $$ > \"$0.part\"; mv \"$0.part\" \"$0\"; exec sleep 1000", file],
        };
        await _farm.AddAsync(
            "bob", builder => builder with { Virtualized = true, VmHost = "host", VmResetProtocol = VmResetProtocol.Synchronous });
        _farm.Start();
        var pids = new List<string>();
        for (var i = 1; i <= 5; i++)
        {
            await _farm.UntilAsync(() => File.Exists(file));
            pids.Add((await File.ReadAllTextAsync(file)).Trim());
            File.Delete(file);
            _farm.Time.Advance(TimeSpan.FromSeconds(30));
        }

        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bob")).InService);

        Assert.That((await _farm.FindAsync("bob")).FailNotes, Does.Contain("took longer than 30 s. It said: stuck"));
        Assert.That(pids.Where(pid => Directory.Exists($"/proc/{pid}")), Is.Empty);
    }

    [Test]
    public async Task Check_builders_fails_who_does_not_echo()
    {
        var slave = await _farm.AddAsync("bob");
        slave.Instead = async (call, http) =>
        {
            if (call == "echo")
                await http.Response.WriteAsync(
                    "<?xml version='1.0'?><methodResponse><params><param><value><array><data><value><string>Toast</string></value></data>"
                        + "</array></value></param></params></methodResponse>");
            return call == "echo";
        };
        _farm.Make();

        var findings = await _farm.Master.CheckBuildersAsync();

        Assert.That(findings.Single().Mistake, Is.EqualTo("bob does not echo what it is sent."));
        Assert.That((await _farm.FindAsync("bob")).InService, Is.False);
        Assert.That(_farm.Told, Is.EqualTo(new[] { "bob: bob does not echo what it is sent." }));
    }

    /// <summary>The status member of phases: each name with the seconds it took, if any follow.</summary>
    private static XmlRpcStruct Phase(params object[] names)
    {
        var phases = new List<XmlRpcValue>();
        for (var i = 0; i < names.Length; i++)
        {
            XmlRpcValue name = (string)names[i];
            var phase = i + 1 < names.Length && names[i + 1] is double seconds
                ? new XmlRpcStruct { ["name"] = name, ["seconds"] = seconds }
                : new XmlRpcStruct { ["name"] = name };
            i += phase.Count - 1;
            phases.Add(phase);
        }

        return new XmlRpcStruct { ["phases"] = new XmlRpcArray([.. phases]) };
    }

    private static XmlRpcStruct Progress(string stage, double fraction) =>
        new() { ["progress"] = new XmlRpcStruct { ["stage"] = stage, ["fraction"] = fraction } };

    private async Task<(SocketSlave Slave, Build Build)> BuildingAsync(Func<NewBuild, NewBuild>? change = null)
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync(change);
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        return (slave, build);
    }
}
