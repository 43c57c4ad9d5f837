using System.Diagnostics.Metrics;
using System.Globalization;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Uploads;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.Testing.Slaves;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Scanning;

/// <summary>
/// One master and so many simulated slaves that none may be lost among them. How punctual it is, is printed and not asserted.
/// </summary>
[NonParallelizable]
[CancelAfter(3_600_000)] // the full length
public sealed class ManySlavesTests
{
    private const int BuildsPerSlave = 2;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);

    [Test]
    [Category(LongRun.Category)]
    public async Task Many_slaves_are_looked_after_and_each_build_is_built_once(CancellationToken timeout)
    {
        using var run = LongRun.Begin("simulated slaves", sample: 50, full: 5000);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, run.Interrupted);
        var cancellationToken = either.Token;
        using var folder = new TemporaryDirectory();
        using var meters = new Figures();
        await using var slaves = await SimulatedSlaves.StartAsync();
        var (builders, builds) = (new InMemoryBuilders(), new InMemoryBuilds());
        for (var i = 0; i < run.Rounds; i++)
            await builders.TryAddAsync(
                new Builder { Name = $"slave{i}", Url = SimulatedSlaves.Url(i, slaves.Port), Manual = false }, cancellationToken);
        var added = await builds.AddAsync(
            [.. Enumerable.Range(0, run.Rounds * BuildsPerSlave).Select(_ => new NewBuild { JobType = SimulatedJobKind.Name,
                Manager = "simulated", Title = "a simulated build" })],
            cancellationToken);
        // Some thousand looks a second, which is what one processor does.
        var interval = TimeSpan.FromMilliseconds(Math.Max(100, run.Rounds));
        await using var master = new BuildMaster(new MasterOptions { Root = folder["farm"], PollInterval = interval }, new BuildMasterParts
        {
            Builders = builders,
            Builds = builds,
            Queue = builds,
            Inputs = new InMemoryInputs(),
            Uploads = new DirectoryUploadSink(builds, folder["out"], [new SimulatedJobKind()]),
            Kinds = [new SimulatedJobKind()],
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = master.RunAsync(stop.Token);

        // Every slave has to come to a build before the first ends: a lost one would hold up all.
        while (slaves.Taken.Count < run.Rounds)
            await WaitAsync();
        slaves.LetBuildsEnd();
        foreach (var build in added)
        {
            while ((await builds.FindAsync(build.Id, cancellationToken))!.State != BuildState.FullyBuilt)
                await WaitAsync();
        }

        while ((await builders.ListAsync(cancellationToken)).Any(builder => builder.Clean != CleanState.Clean))
            await WaitAsync();
        await stop.CancelAsync();
        await running;

        run.Done(run.Rounds);
        run.Remark(meters.ToString());
        var cookies = added.Select(build => build.Cookie.ToString()).ToHashSet();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(slaves.Taken, Has.Count.EqualTo(cookies.Count), "builds that slaves have taken");
            Assert.That(cookies.SetEquals(slaves.Taken), "each build was given out, and once");
            Assert.That(
                cookies.Where(cookie => File.ReadAllText(Path.Combine(folder["out"], cookie, "cookie")) != cookie), Is.Empty,
                "builds with another's result");
            Assert.That(
                Directory.GetFileSystemEntries(folder["farm/incoming"])
                    .Concat(Directory.GetFileSystemEntries(folder["farm/grabbing"])), Is.Empty);
            Assert.That(
                (await builders.ListAsync(CancellationToken.None))
                    .Where(builder => !builder.InService || builder.Failures > 0), Is.Empty, "builders with failures");
        }

        async Task WaitAsync()
        {
            Assert.That(running.IsCompleted, Is.False, "the master runs");
            await Task.Delay(CheckInterval, cancellationToken);
            run.Done(Math.Min(run.Rounds, meters.Finished / BuildsPerSlave));
        }
    }

    /// <summary>Listens to the master's own figures.</summary>
    private sealed class Figures : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<double> _late = [];
        private readonly Lock _lock = new();
        private int _finished;

        public Figures()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == BuildMaster.MeterName
                    && instrument.Name is "buildd.master.finished" or "buildd.master.scan.lateness")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _finished, (int)value));
            _listener.SetMeasurementEventCallback<double>((_, value, _, _) =>
            {
                lock (_lock)
                    _late.Add(value);
            });
            _listener.Start();
        }

        /// <summary>How many builds have left the queue.</summary>
        public int Finished => Volatile.Read(ref _finished);

        public void Dispose() => _listener.Dispose();

        public override string ToString()
        {
            lock (_lock)
            {
                _late.Sort();
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_late.Count} looks, half of them late by at most {_late[_late.Count / 2] * 1000:0} ms, 99 of 100 by "
                        + $"{_late[(int)(_late.Count * 0.99)] * 1000:0} ms");
            }
        }
    }
}
