using Buildd.Farm.Store;
using Buildd.IntegrationTests.Farm;
using Buildd.IntegrationTests.Support;
using Buildd.IntegrationTests.Wire.Fuzzing;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Soak;

/// <summary>
/// A farm and two real slaves for an hour, with builds that go well and badly, commands, hostile clients at every port and a builder
/// that answers rubbish. Nothing grows: memory, descriptors, mounts, control groups and temporary files are after the first ten minutes
/// what they are at the end.
/// </summary>
[NonParallelizable] // it measures the machine
[CancelAfter(7_200_000)]
public sealed class HourTests
{
    /// <summary>Each so many rounds make a window; the first is for compiling and filling pools.</summary>
    private const int Window = 10;

    private static readonly TimeSpan RoundLength = LongRun.IsFull ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(8);

    [Test]
    [Category(LongRun.Category)]
    public async Task Under_good_and_hostile_load_nothing_grows(CancellationToken timeout)
    {
        BuildEnvironment.RequireBuildTools();
        using var run = LongRun.Begin("an hour of slave and farm", sample: 3, full: 60);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, run.Interrupted);
        using var folder = new TemporaryDirectory();
        await using var farm = new FarmProgram();
        var dsc = await farm.PrepareAsync();
        var system = Directory.CreateDirectory(folder["system"]).FullName;
        await Environments.SmallChroot.MakeAsync(system, Nap);
        await DoAsync(farm, "chroots", "add", "bookworm", "amd64", Path.Combine(system, "small.tar.gz"));
        var backends = await PlugIns.WriteAsync(folder);
        Directory.CreateDirectory(folder["tmp"]);

        await using var overlay = await StartSlaveAsync("overlay", backends, folder["tmp"]);
        await using var chroot = await StartSlaveAsync("chroot", backends, folder["tmp"]);
        await using var rubbish = new RubbishSlave(run.Seed);
        (string, Uri)[] builders = [("overlay", overlay.Url), ("chroot", chroot.Url), ("rubbish", rubbish.Url)];
        foreach (var (name, url) in builders)
            await DoAsync(farm, "builders", "add", name, url.AbsoluteUri, "-p", "amd64");
        await using var master = farm.Launch(command => command.WithEnvironment("TMPDIR", folder["tmp"]));
        var inputs = new Uri((await master.LineAfterAsync("inputs are served at ")).Split(' ')[0]);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        var tally = new FuzzTally();
        Task[] load =
        [
            new GoodLoad(farm, dsc, run.Seed).RunAsync(stop.Token),
            .. ((Uri[])[overlay.Url, chroot.Url, inputs]).SelectMany((url, number) => (Task[])
            [
                HostileLoad.SendSpoiledAsync(url, tally, run.Seed + number, stop.Token),
                HostileLoad.HoldAsync(url, run.Seed + number, stop.Token),
            ]),
        ];

        var sizes = new List<Sizes>();
        foreach (var _ in run.EachRound())
        {
            var ended = await Task.WhenAny([.. load, Task.Delay(RoundLength, either.Token), master.Ended]);
            Assert.That(master.Ended.IsCompleted, Is.False, master.Output);
            await ended; // a load that ends early has failed
            sizes.Add(Sizes.Measure(
                [("farm", master.ProcessId), ("overlay", overlay.ProcessId), ("chroot", chroot.ProcessId)],
                [overlay.Directory, chroot.Directory], folder["tmp"]));
            await PutBackIntoServiceAsync(farm);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        await BringToRestAsync(farm, [overlay, chroot]);
        var rest = Sizes.Measure(
            [("farm", master.ProcessId), ("overlay", overlay.ProcessId), ("chroot", chroot.ProcessId)],
            [overlay.Directory, chroot.Directory], folder["tmp"]);

        foreach (var (state, count) in await CountBuildsAsync(farm))
            run.Count(state.ToString(), count);
        run.Remark($"{tally.Requests} spoiled requests, {rubbish.Answers} answers of rubbish");
        foreach (var number in Enumerable.Range(0, sizes.Count).Where(number => number % Window == 0 || number == sizes.Count - 1))
            run.Remark($"after {number + 1} rounds {sizes[number]}");
        run.Remark($"at rest {rest}");
        Assert.Multiple(() =>
        {
            Assert.That(tally.Wrong, Is.Empty, $"seed {run.Seed}");
            Assert.That(run.Outcomes.Keys, Is.SupersetOf((string[])["FullyBuilt", "FailedToBuild", "Cancelled"]));
            Assert.That(rest.Temporary, Is.Empty);
            Assert.That(rest.ControlGroups, Is.Zero, "control groups");
        });
        foreach (var slave in (SlaveDaemon[])[overlay, chroot])
            BuildEnvironment.AssertNothingIsLeft(slave.Directory);
        await farm.CheckStoreAsync();
        if (sizes.Count >= 3 * Window)
            Sizes.AssertNothingGrew(sizes[Window..(2 * Window)], sizes[^Window..]);
        Assert.That(await master.StopAsync(), Is.Zero, master.Output);
    }

    private static string Nap { get; } = $"400.{Environment.ProcessId}6";

    private static Task<SlaveDaemon> StartSlaveAsync(string environment, string backends, string temporary) => SlaveDaemon.StartWithAsync(
        $"environment = {environment}\nbackends = {backends}", "env", $"TMPDIR={temporary}", Repository.Program("buildd-slave"));

    private static async Task DoAsync(FarmProgram farm, params string[] arguments)
    {
        var (code, output) = await farm.DoAsync(arguments);
        Assert.That(code, Is.Zero, output);
    }

    /// <summary>Hostile calls abort and clean builds like any client's, which a master counts against the builder.</summary>
    private static async Task PutBackIntoServiceAsync(FarmProgram farm)
    {
        foreach (var builder in await farm.WithStoreAsync(store => store.Builders.ListAsync(default)))
        {
            if (!builder.InService)
                await DoAsync(farm, "builders", "set", builder.Name, "--in-service", "yes");
        }
    }

    /// <summary>Takes back what waits, and waits for what runs.</summary>
    private static async Task BringToRestAsync(FarmProgram farm, SlaveDaemon[] slaves)
    {
        await PutBackIntoServiceAsync(farm);
        foreach (var build in await OpenAsync(farm))
            await farm.DoAsync("cancel", build.Cookie.ToString());
        await Until.TrueAsync(async () => (await OpenAsync(farm)).Count == 0, TimeSpan.FromMinutes(5));
        foreach (var slave in slaves)
        {
            // A build that a hostile call has made is nobody's.
            var status = await Until.SeenAsync(
                () => slave.Client.StatusAsync(),
                seen => seen.Status is BuilderStatus.Idle or BuilderStatus.Waiting,
                TimeSpan.FromMinutes(5));
            if (status.Status == BuilderStatus.Waiting)
                await slave.Client.CleanAsync();
        }
    }

    private static Task<IReadOnlyList<Build>> OpenAsync(FarmProgram farm) => farm.WithStoreAsync(async store =>
        (IReadOnlyList<Build>)[.. (await AllAsync(store)).Where(build => build.Queue is not null || build.State == BuildState.Uploading)]);

    private static async Task<IReadOnlyList<(BuildState State, int Count)>> CountBuildsAsync(FarmProgram farm) =>
        [.. (await farm.WithStoreAsync(AllAsync)).GroupBy(build => build.State).Select(group => (group.Key, group.Count()))];

    private static async Task<IReadOnlyList<Build>> AllAsync(FarmStore store) =>
        await store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount });
}
