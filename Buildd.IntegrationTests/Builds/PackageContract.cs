using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Security;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>
/// What every environment does with real packages and a real sbuild. One slave builds them all, one after the other, mostly from
/// an archive of the test's own, so that an environment takes little more than a minute.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public abstract partial class PackageContract(string environment)
{
    /// <summary>More than what a small package's build needs.</summary>
    private const long MemoryBytes = 1L << 30;

    /// <summary>Of version 1, which has limits also where the slave's own group has processes beside it.</summary>
    private readonly string _memoryGroup = $"/sys/fs/cgroup/memory/buildd-test-{Guid.NewGuid():N}";

    private BuildDriver? _driver;
    private TemporaryDirectory? _folder;
    private FileServer? _server;
    private AptArchive? _archive;
    private SlaveDaemon? _slave;
    private InputFile _chroot = null!;
    private bool _limitsMemory;

    /// <summary>What the builds so far are called; no other test run on this machine has the same.</summary>
    private protected Queue<string> Cookies { get; } = new();

    private protected SlaveDaemon Slave => _slave!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        BuildEnvironment.RequireBuildTools();
        foreach (var tool in (string[])["/usr/bin/gpg", "/usr/bin/zstd"])
            Machine.Require(File.Exists(tool), $"{tool}: run 'make test', which installs it");
        _limitsMemory = ProcessScope.FindMissingControllers(new ScopeLimits { MemoryBytes = MemoryBytes }).Count == 0;
        Machine.Require(_limitsMemory || Directory.Exists(Path.GetDirectoryName(_memoryGroup)), "control groups that limit memory");

        _folder = new TemporaryDirectory();
        _driver = new BuildDriver(Directory.CreateDirectory(_folder["results"]).FullName);
        _server = await FileServer.StartAsync();
        _archive = await AptArchive.StartAsync();
        await MakeChrootAsync(await BuildEnvironment.ChrootAsync(), _folder["chroot.tar.zst"]);
        _chroot = await _server.AddAsync(_folder["chroot.tar.zst"]);
        _slave = await StartSlaveAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_slave is not null)
            await _slave.DisposeAsync();
        await RemoveUserAsync();
        if (_archive is not null)
            await _archive.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder?.Dispose();
        if (Directory.Exists(_memoryGroup))
            Directory.Delete(_memoryGroup);
    }

    [TearDown]
    public void NothingIsLeft()
    {
        if (_slave is not null)
            AssertNothingIsLeft();
    }

    /// <summary>What has to hold after each build; environments have more places to look at.</summary>
    private protected virtual void AssertNothingIsLeft() => BuildEnvironment.AssertNothingIsLeft(Slave.Directory);

    [Test]
    public async Task Hello_is_built_from_the_machine_s_own_mirror()
    {
        await ProcessRunner.CaptureAsync(Command.Of(Repository.Program("buildd-farm"), "source", "hello", "--output", _folder!["hello"]));
        var files = Directory.GetFiles(_folder["hello"]);

        var outcome = await RunAsync(await JobAsync(files, await BuildEnvironment.ArchiveAsync()));

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(
            outcome.Files.Select(file => file.Name), Has.Some.Match("^hello_.*[.]deb$").And.Some.EndsWith(".buildinfo")
                .And.Some.EndsWith(".changes"));
        Assert.That(outcome.Files.Select(file => file.Name), Has.None.Contain("dbgsym"), "debug symbols were not asked for");
    }

    [Test]
    public async Task An_architecture_independent_package_is_built_and_its_provenance_is_told()
    {
        var sources = await SourcesAsync("fx-all", "echo built > out", architecture: "all");
        var job =
            await JobAsync(sources, arguments => arguments with { ArchIndep = true, Others = new XmlRpcStruct { ["provenance"] = true } });

        var outcome = await RunAsync(job);

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(outcome.Files.Select(file => file.Name), Has.Some.EqualTo("fx-all_1.0_all.deb"));
        Assert.That(outcome.Log, Does.Contain("Test Archive <archive@example.org>"), "the key's owner is told");
        var statement = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(outcome.Folder!, "provenance.json"))).RootElement;
        var subjects = statement.GetProperty("subject").EnumerateArray().ToDictionary(NameOf, DigestOf);
        Assert.That(subjects.Keys, Is.EquivalentTo(outcome.Files.Select(file => file.Name).Where(name => name != "provenance.json")));
        foreach (var (name, sum) in subjects)
            Assert.That(sum, Is.EqualTo(Sha256(Path.Combine(outcome.Folder!, name))), name);
        var inputs = statement.GetProperty("predicate").GetProperty("buildDefinition").GetProperty("resolvedDependencies").EnumerateArray()
            .ToDictionary(NameOf, DigestOf);
        Assert.That(inputs["chroot"], Is.EqualTo(Sha256(_folder!["chroot.tar.zst"])));
        foreach (var path in sources)
            Assert.That(inputs[Path.GetFileName(path)], Is.EqualTo(Sha256(path)));
        Assert.That(
            inputs.Single(pair => pair.Key.EndsWith(" test InRelease", StringComparison.Ordinal)).Value, Is.EqualTo(_archive!.IndexSha256));
        Assert.That(
            statement.GetProperty("predicate").GetProperty("runDetails").GetProperty("metadata").GetProperty("invocationId")
                .GetString(), Is.EqualTo(job.Cookie.ToString()));
    }

    [Test]
    public async Task A_package_that_does_not_compile_is_PACKAGEFAIL()
    {
        var outcome = await RunAsync(await JobAsync(await SourcesAsync("fx-broken", "gcc no-such-file.c -o out")));

        Assert.That((outcome.Status, Cause()), Is.EqualTo((BuildStatus.PackageFail, "exit 2")), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("no-such-file.c: No such file or directory"));
    }

    [Test]
    public async Task A_package_whose_dependency_does_not_exist_waits_for_it()
    {
        var outcome =
            await RunAsync(await JobAsync(await SourcesAsync("fx-missing", "echo built > out", "fx-tool, no-such-package-dev (>= 1.2)")));

        Assert.That(
            (outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "no-such-package-dev (>= 1.2)")), outcome.Story);
    }

    [Test]
    public async Task A_package_that_needs_a_newer_version_than_there_is_waits_for_it()
    {
        var outcome = await RunAsync(await JobAsync(await SourcesAsync("fx-newer", "echo built > out", "fx-tool (>= 2~)")));

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "fx-tool (>= 2~)")), outcome.Story);
    }

    [Test]
    public async Task A_package_that_hangs_is_aborted()
    {
        var job = await JobAsync(await SourcesAsync("fx-hangs", "echo going to sleep; trap '' TERM; setsid sleep 1000 & sleep 1000"));
        using var abort = new CancellationTokenSource();

        var outcome = await RunAsync(job, _driver!.WhenLogHas("\ngoing to sleep\n", abort.CancelAsync), abort: abort.Token);

        Assert.That((outcome.Status, Cause()), Is.EqualTo((BuildStatus.Aborted, "aborted")), outcome.Story);
        Assert.That(outcome.Finished.IsSlaveClean);
    }

    /// <summary>
    /// Where the slave can limit the memory of a build it knows what that died of. Elsewhere the kernel kills it all the same,
    /// for a limit that the test sets around the slave.
    /// </summary>
    [Test]
    public async Task A_package_that_eats_all_memory_is_killed_and_the_slave_goes_on()
    {
        var outcome = await RunAsync(await JobAsync(await SourcesAsync("fx-eats", "perl -e 'push @a, \"x\" x 10_000_000 while 1'")));

        Assert.That((outcome.Status, Cause()), Is.EqualTo((BuildStatus.PackageFail, _limitsMemory ? "oom" : "exit 2")), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("Killed"));
        if (!_limitsMemory)
            Assert.That(await File.ReadAllTextAsync(Path.Combine(_memoryGroup, "memory.oom_control")), Does.Match("oom_kill [1-9]"));
        Assert.That((await Slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_private_archive_is_built_from_and_its_password_is_nowhere()
    {
        var go = new Uri(_server!.Url, "go");
        var job = await JobAsync(
            await SourcesAsync(
                "fx-private", $"fx-tool > out; cat out; until /usr/lib/apt/apt-helper download-file {go} go > /dev/null 2>&1; do sleep "
                    + "0.2; done", "fx-tool"),
            arguments => arguments with
            {
                Archives = [_archive!.PrivateLine],
                ArchivePrivate = true,
                Others = new XmlRpcStruct { ["provenance"] = true },
            });
        await using var forwarder = new RecordingForwarder(Slave.Url.Port);
        using var http = new HttpClient();

        var outcome = await RunAsync(
            job,
            _driver!.WhenLogHas($"\n{AptArchive.Word}\n", async () =>
            {
                await RequireNoFileHasPasswordAsync(); // while the package is being built
                await File.WriteAllTextAsync(_folder!["go"], "");
                await _server.AddAsync(_folder["go"]);
            }),
            client: new SlaveClient(http, new SlaveClientOptions { Url = forwarder.Url }));

        Assert.That(outcome.Succeeded, outcome.Story);
        await RequireNoFileHasPasswordAsync();
        Assert.That(Needles.Where(Slave.Output.Contains), Is.Empty, "the daemon's log");
        var sent = (await forwarder.StopAsync()).Select(Encoding.Latin1.GetString)
            .SelectMany(text => Base64Values().Matches(text).Select(Decode).Prepend(text)).ToList();
        Assert.That(sent, Has.Some.Contain(AptArchive.Word), "the capture has what was sent");
        Assert.That(from text in sent from needle in Needles where text.Contains(needle, StringComparison.Ordinal) select needle, Is.Empty);
    }

    private static IEnumerable<string> Needles =>
    [
        AptArchive.Password, Uri.EscapeDataString(AptArchive.Password),
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{AptArchive.User}:{AptArchive.Password}")),
    ];

    /// <summary>In no file of the slave's folders, nor of the master's; what is mounted in them is on no disk.</summary>
    private async Task RequireNoFileHasPasswordAsync()
    {
        var found = new StringBuilder();
        await ProcessRunner.RunAsync(
            Command.Of("sh", ["-c", """
                slave=$1 master=$2; shift 2
                find "$slave" "$master" -xdev -type f -exec grep -lF --binary-files=text "$@" -- {} +
                """, "sh", Slave.Directory, _folder!["results"], .. Needles.SelectMany(needle => (string[])["-e", needle])]),
            bytes => found.Append(Encoding.UTF8.GetString(bytes)));
        Assert.That(found.ToString(), Is.Empty);
    }

    private protected async Task<IReadOnlyList<string>> SourcesAsync(
        string name, string command, string buildDepends = "fx-tool", string architecture = "any") =>
        await SourcePackage.MakeAsync(Directory.CreateDirectory(_folder!["sources"]).FullName, name, command, buildDepends, architecture);

    private protected Task<BuildJob> JobAsync(
        IEnumerable<string> files, Func<BinaryPackageArguments, BinaryPackageArguments>? change = null) =>
        JobAsync(files, _archive!.Line, arguments => (change?.Invoke(arguments) ?? arguments) with { TrustedKeys = [_archive!.Key] });

    private async Task<BuildJob> JobAsync(
        IEnumerable<string> files, string archive, Func<BinaryPackageArguments, BinaryPackageArguments>? change = null)
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        var arguments = new BinaryPackageArguments { Series = suite, Suite = suite, ArchTag = architecture, Archives = [archive] };
        var inputs = new List<InputFile>();
        foreach (var path in files)
            inputs.Add(await _server!.AddAsync(path));
        var cookie = BuildDriver.NextCookie("PACKAGEBUILD");
        Cookies.Enqueue(cookie.ToString());
        return PackageJobKind.MakeJob(cookie, _chroot, inputs, change?.Invoke(arguments) ?? arguments);
    }

    private protected Task<DrivenBuild> RunAsync(
        BuildJob job, Func<MasterEvent, ValueTask>? observe = null, SlaveClient? client = null, CancellationToken abort = default) =>
        _driver!.RunAsync(client ?? Slave.Client, job, observe, abort);

    private protected IEnumerable<string> Phases => _driver!.Phases;

    /// <summary>The cause of the last build's failure.</summary>
    private string? Cause() => _driver!.Cause;

    private static string NameOf(JsonElement file) => file.GetProperty("name").GetString()!;

    private static string DigestOf(JsonElement file) => file.GetProperty("digest").GetProperty("sha256").GetString()!;

    private static string Sha256(string path) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private static string Decode(Match match) => Encoding.Latin1.GetString(Convert.FromBase64String(match.Groups[1].Value));

    /// <summary>Makes the tarball of the builds from that of the machine's release.</summary>
    private protected virtual Task MakeChrootAsync(string tarball, string target)
    {
        File.Copy(tarball, target);
        return Task.CompletedTask;
    }

    /// <summary>Starts the slave that builds.</summary>
    /// <param name="lines">What its configuration has to say.</param>
    /// <param name="before">What has to stand before its program's name, for root to run.</param>
    private protected virtual Task<SlaveDaemon> StartSlaveAsync(string lines, IReadOnlyList<string> before) =>
        SlaveDaemon.StartWithAsync(lines, [.. before, Repository.Program("buildd-slave")]);

    /// <summary>Takes back what <see cref="StartSlaveAsync(string, IReadOnlyList{string})"/> did to the machine.</summary>
    private protected virtual Task RemoveUserAsync() => Task.CompletedTask;

    private async Task<SlaveDaemon> StartSlaveAsync()
    {
        if (_limitsMemory)
            return await StartSlaveAsync($"environment = {environment}\nlimit-memory = {MemoryBytes}", []);
        Directory.CreateDirectory(_memoryGroup);
        await File.WriteAllTextAsync(Path.Combine(_memoryGroup, "memory.limit_in_bytes"), $"{MemoryBytes}");
        return await StartSlaveAsync(
            $"environment = {environment}", ["sh", "-c", $"""echo $$ > {_memoryGroup}/cgroup.procs && exec "$0" "$@" """]);
    }

    [GeneratedRegex("<base64>\\s*([A-Za-z0-9+/=\\s]*)</base64>")]
    private static partial Regex Base64Values();
}
