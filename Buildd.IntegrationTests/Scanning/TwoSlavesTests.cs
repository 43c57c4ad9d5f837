using System.Globalization;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Uploads;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Scanning;

/// <summary>The library and two real slaves, which build with a real sbuild, as a program that embeds it has them.</summary>
[NonParallelizable]
[CancelAfter(900_000)]
public sealed class TwoSlavesTests
{
    private static readonly string[] GoodNames = [.. Enumerable.Range(1, 6).Select(i => $"fx-good{i}")];

    /// <summary>For real builds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly List<SlaveDaemon> _slaves = [];
    private TemporaryDirectory? _folder;
    private FileServer? _server;
    private AptArchive? _archive;
    private string _suite = "";
    private string _architecture = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        BuildEnvironment.RequireBuildTools();
        foreach (var tool in (string[])["/usr/bin/gpg", "/usr/bin/zstd"])
            Machine.Require(File.Exists(tool), $"{tool}: run 'make test', which installs it");
        (_suite, _architecture) = await BuildEnvironment.ReleaseAsync();
        _folder = new TemporaryDirectory();
        _server = await FileServer.StartAsync();
        _archive = await AptArchive.StartAsync();
        Directory.CreateDirectory(_folder["in"]);
        File.Copy(await BuildEnvironment.ChrootAsync(), Chroot);
        for (var i = 0; i < 2; i++)
            _slaves.Add(await StartSlaveAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var slave in _slaves)
            await slave.DisposeAsync();
        if (_archive is not null)
            await _archive.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder?.Dispose();
    }

    [Test]
    public async Task Ten_packages_end_as_they_should_though_a_slave_is_killed_and_a_build_cancelled(CancellationToken cancellationToken)
    {
        var (builders, builds, inputs) = (new InMemoryBuilders(), new InMemoryBuilds(), new InMemoryInputs());
        foreach (var slave in _slaves)
            await builders.TryAddAsync(
                new Builder { Name = NameOf(slave), Url = slave.Url, Processors = [_architecture], Manual = false }, cancellationToken);
        inputs.AddChroot(_suite, _architecture, await _server!.AddAsync(Chroot));
        // The first two, which go to one slave each, wait: one to be cancelled, one for its slave to be killed.
        var go = new Uri(_server.Url, "go");
        var killed = await AddAsync(
            "fx-killed", $"echo waiting to go; until /usr/lib/apt/apt-helper download-file {go} go > /dev/null 2>&1; do sleep 0.2; "
                + "done; echo built > out", score: 100);
        var cancelled = await AddAsync("fx-cancelled", "echo going to sleep; trap '' TERM; setsid sleep 1000 & sleep 1000", score: 90);
        var failing = await AddAsync("fx-failing", "gcc no-such-file.c -o out");
        var waiting = await AddAsync("fx-waiting", "echo built > out", buildDepends: "fx-tool, no-such-package-dev (>= 1.2)");
        var good = new List<Build> { killed };
        foreach (var name in GoodNames)
            good.Add(await AddAsync(name, "echo built > out"));

        await using var master = new BuildMaster(
            new MasterOptions { Root = _folder!["farm"], PollInterval = TimeSpan.FromSeconds(1) },
            new BuildMasterParts
            {
                Builders = builders,
                Builds = builds,
                Queue = builds,
                Inputs = inputs,
                Uploads = new DirectoryUploadSink(builds, _folder["out"], [new PackageJobKind()]),
            });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = master.RunAsync(stop.Token);

        await LogHasAsync(cancelled, "\ngoing to sleep\n");
        await master.CancelAsync(cancelled.Id, cancellationToken);
        await LogHasAsync(killed, "\nwaiting to go\n");
        var victim = (await builds.FindAsync(killed.Id, cancellationToken))!.Builder;
        var index = _slaves.FindIndex(slave => NameOf(slave) == victim);
        await KillAndRestartAsync(index);
        await File.WriteAllTextAsync(_folder["go"], "", cancellationToken);
        await _server.AddAsync(_folder["go"]);

        foreach (var build in good)
            await EndsAsync(build, BuildState.FullyBuilt);
        await EndsAsync(failing, BuildState.FailedToBuild);
        await EndsAsync(waiting, BuildState.ManualDepWait);
        await EndsAsync(cancelled, BuildState.Cancelled);
        await Until.TrueAsync(
            async () => (await builders.ListAsync(cancellationToken)).All(builder => builder.Clean == CleanState.Clean), Patience);
        await stop.CancelAsync();
        await running;

        var ended = (await builds.ListAsync(new BuildFilter(), CancellationToken.None)).ToDictionary(build => build.Id);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ended, Has.Count.EqualTo(10));
            Assert.That(
                ended.Values.Where(build => build.Attempt != 1).Select(build => build.Id), Is.EqualTo(new[] { killed.Id }),
                "what was on the killed slave was built again, and nothing else");
            Assert.That(ended[waiting.Id].Dependencies, Is.EqualTo("no-such-package-dev (>= 1.2)"));
            Assert.That(LogOf(ended[failing.Id]), Does.Contain("no-such-file.c: No such file or directory"));
            Assert.That(LogOf(ended[cancelled.Id]), Does.Contain("going to sleep"));
            foreach (var build in good)
            {
                Assert.That(
                    Directory.GetFiles(Path.Combine(_folder["out"], build.Cookie.ToString()), "*.deb")
                        .Select(Path.GetFileName), Is.EqualTo(new[] { $"{build.Subject}_1.0_{_architecture}.deb" }));
                Assert.That(LogOf(ended[build.Id]), Does.Contain("Status: successful"));
            }

            Assert.That(
                Directory.GetDirectories(_folder["out"])
                    .Select(Path.GetFileName), Is.EquivalentTo(good.Select(build => build.Cookie.ToString())),
                "one upload of each, and of no other");
            Assert.That(
                Directory.GetFileSystemEntries(_folder["farm/incoming"])
                    .Concat(Directory.GetFileSystemEntries(_folder["farm/grabbing"])), Is.Empty);
            Assert.That(
                await builders.ListAsync(CancellationToken.None), Has.All.Property(nameof(Builder.InService))
                    .True.And.All.Property(nameof(Builder.Failures)).Zero);
            Assert.That(ended.Values.Select(build => build.Builder).Distinct(), Is.EquivalentTo(_slaves.Select(NameOf)), "both have built");
        }

        foreach (var slave in _slaves)
            BuildEnvironment.AssertNothingIsLeft(slave.Directory);

        async Task<Build> AddAsync(string name, string command, string buildDepends = "make", int score = 0)
        {
            var files = await SourcePackage.MakeAsync(Directory.CreateDirectory(_folder!["sources"]).FullName, name, command, buildDepends);
            foreach (var file in files)
                inputs.AddFile(await _server!.AddAsync(file));
            var package = new PackageSpecification
            {
                Source = name,
                Version = "1.0",
                Series = _suite,
                ArchTag = _architecture,
                // Its key would have to be in the chroot: that is another test's.
                Archives = [_archive!.Line.Replace("deb ", "deb [trusted=yes] ", StringComparison.Ordinal)],
                Files = [.. files.Select(file => new SourceFile(Path.GetFileName(file)))],
                Binaries = [name],
            };
            return (await builds.AddAsync([package.ToNewBuild(score: score)], cancellationToken))[0];
        }

        async Task EndsAsync(Build build, BuildState state)
        {
            var now = await Until.SeenAsync(
                () => FindAsync(build), seen => seen is { Queue: null, State: not BuildState.Uploading }, Patience);
            Assert.That(now.State, Is.EqualTo(state), $"{now}: {now.Reason}\n{LogOf(now)}");
        }

        async Task LogHasAsync(Build build, string text)
        {
            var now = await Until.SeenAsync(
                () => FindAsync(build), seen => seen.Queue is null || LogOf(seen).Contains(text, StringComparison.Ordinal), Patience);
            Assert.That(now.Queue, Is.Not.Null, () => $"{now} ended: {now.Reason}\n{LogOf(now)}");
        }

        async Task<Build> FindAsync(Build build) => (await builds.FindAsync(build.Id, cancellationToken))!;

        string LogOf(Build build)
        {
            using var log = master.Logs.OpenStored(build) ?? master.Logs.OpenRunning(build);
            return log is null ? "" : new StreamReader(log).ReadToEnd();
        }
    }

    /// <summary>As the README has it: a folder of sources, two slaves, and the packages come out.</summary>
    [Test]
    public async Task The_sample_has_its_packages_built(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["fx-one", "fx-two"])
            await SourcePackage.MakeAsync(_folder!["in"], name, "echo built > out");
        var output = new StringBuilder();
        var command = Command.Of(
            "dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "BuildTen.dll"), _suite, _architecture, _folder!["in"], _folder["debs"],
                .. _slaves.Select(slave => $"{slave.Url}")])
            .WithEnvironment("BUILDTEN_URL", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}")) with
        { WorkingDirectory = _folder.Path };

        var result = await ProcessRunner.RunAsync(
            command, bytes => output.Append(Encoding.UTF8.GetString(bytes)), cancellationToken: cancellationToken);

        Assert.That(result.ExitCode, Is.Zero, output.ToString());
        Assert.That(Directory.GetFiles(_folder["debs"], "*.deb", SearchOption.AllDirectories).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { $"fx-one_1.0_{_architecture}.deb", $"fx-two_1.0_{_architecture}.deb" }));
    }

    private string Chroot => Path.Combine(_folder!["in"], $"chroot-{_suite}-{_architecture}.tar.zst");

    private static string NameOf(SlaveDaemon slave) => Path.GetFileName(slave.Directory);

    private static async Task<SlaveDaemon> StartSlaveAsync()
    {
        var slave = await SlaveDaemon.StartWithAsync("environment = overlay");
        // It is to come back at its address when it was killed.
        var configuration = Path.Combine(slave.Directory, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration, (await File.ReadAllTextAsync(configuration)).Replace(
                "bindport = 0\n", string.Create(CultureInfo.InvariantCulture, $"bindport = {slave.Url.Port}\n"), StringComparison.Ordinal));
        return slave;
    }

    private async Task KillAndRestartAsync(int index)
    {
        var killed = _slaves[index];
        await killed.KillAsync();
        _slaves[index] = await SlaveDaemon.RestartAsync(killed);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
