using System.Security.Cryptography;
using Buildd.Backends.PlugIn;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>A whole slave whose cache lies on a real file system that is too small.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FullDiskTests
{
    private const int MiB = 1024 * 1024;
    private const string NotEnough = "Not enough space: ";

    private static readonly EnsurePresentReply Fetched = new(true, "Download");

    [Test]
    public async Task A_file_that_would_not_leave_enough_room_is_refused_before_its_body_is_read()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        await using var slave = await StartAsync(disk, floor: 4);
        await using var upstream =
            new UpstreamServer(_ => Announced(6) with { Reset = Task.Delay(Timeout.Infinite, CancellationToken.None) });

        var reply = await slave.Client.EnsurePresentAsync(Zeros(6, upstream));

        Assert.That(reply.Present, Is.False);
        Assert.That(reply.Info, Does.StartWith($"{NotEnough}{6 * MiB} bytes are to be written and {4 * MiB} bytes have to stay free"));
        Assert.That(Directory.GetFileSystemEntries(disk.Path), Is.Empty);
    }

    [Test]
    public async Task A_file_that_does_not_say_how_long_it_is_is_given_up_when_the_room_gets_short()
    {
        await using var disk = await SmallFileSystem.MountAsync(40 * MiB);
        await using var slave = await StartAsync(disk, floor: 12);
        await using var upstream =
            new UpstreamServer(head => head.Contains("/small", StringComparison.Ordinal) ? Announced(1, sent: 1) : Unannounced(64));

        var reply = await slave.Client.EnsurePresentAsync(Zeros(64, upstream));

        Assert.That(reply.Present, Is.False);
        Assert.That(reply.Info, Does.StartWith(NotEnough));
        Assert.That(Directory.GetFileSystemEntries(disk.Path), Is.Empty);
        Assert.That(await slave.Client.EnsurePresentAsync(Zeros(1, upstream, "/small")), Is.EqualTo(Fetched));
    }

    [Test]
    public async Task A_disk_that_is_full_in_the_middle_of_a_download_is_an_answer_and_the_slave_goes_on()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        await using var slave = await StartAsync(disk, floor: 0);
        await using var upstream =
            new UpstreamServer(head => head.Contains("/small", StringComparison.Ordinal) ? Announced(1, sent: 1) : Unannounced(32));

        var reply = await slave.Client.EnsurePresentAsync(Zeros(32, upstream));

        Assert.That(reply.Present, Is.False);
        Assert.That(
            reply.Info, Does.StartWith("The file could not be written to the file cache").And.Contains(disk.Path)
                .And.Contains("No space left on device"));
        Assert.That(Directory.GetFileSystemEntries(disk.Path), Is.Empty);
        Assert.That(await slave.Client.EnsurePresentAsync(Zeros(1, upstream, "/small")), Is.EqualTo(Fetched));
    }

    [Test]
    public async Task Old_files_make_room_first()
    {
        await using var disk = await SmallFileSystem.MountAsync(12 * MiB);
        var old = disk.Fill(new string('0', 40), 6 * MiB);
        File.SetLastAccessTimeUtc(old, File.GetLastWriteTimeUtc(old).AddDays(-1));
        await using var slave = await StartAsync(disk, floor: 4);
        await using var upstream = new UpstreamServer(_ => Announced(3, sent: 3));

        Assert.That(await slave.Client.EnsurePresentAsync(Zeros(3, upstream)), Is.EqualTo(Fetched));
        Assert.That(File.Exists(old), Is.False);
    }

    [Test]
    public async Task With_too_little_room_nothing_is_fetched_and_no_build_is_taken_until_there_is()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        await using var slave = await StartAsync(disk, floor: 4);
        await using var upstream = new UpstreamServer(_ => Announced(1, sent: 1));
        var chroot = new string('c', 40);
        await File.WriteAllTextAsync(Path.Combine(disk.Path, chroot), "stands for a chroot");
        var build = new BuildCall
        {
            BuildId = "PACKAGEBUILD-1",
            Builder = "binarypackage",
            ChrootSha1 = chroot,
            FileMap = new Dictionary<string, string>(),
            Arguments = [],
        };
        var filler = disk.Fill("filler", 6 * MiB);

        Assert.That((await slave.Client.EnsurePresentAsync(Zeros(1, upstream))).Info, Does.StartWith(NotEnough));
        Assert.That(upstream.Requests, Is.Empty);
        Assert.That(async () => await slave.Client.BuildAsync(build), Throws.TypeOf<SlaveFaultException>());
        Assert.That((await slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.GetDirectories(slave.WorkDirectory), Is.Empty);
        Assert.That(
            await slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = chroot, Url = "" }),
            Is.EqualTo(new EnsurePresentReply(true, "Cache")),
            "what is there needs no room");

        File.Delete(filler);
        Assert.That(await slave.Client.EnsurePresentAsync(Zeros(1, upstream)), Is.EqualTo(Fetched));
        Assert.That((await slave.Client.BuildAsync(build)).Answer, Is.EqualTo(BuildAnswer.Building));
    }

    [Test]
    public async Task A_result_that_does_not_fit_is_a_failure_that_leaves_nothing_and_the_slave_goes_on()
    {
        await using var disk = await SmallFileSystem.MountAsync(4 * MiB);
        var backend = new StoringBackend();
        await using var slave = await StartAsync(disk, floor: 0, backend);
        var chroot = new string('c', 40);
        await File.WriteAllTextAsync(Path.Combine(disk.Path, chroot), "stands for a chroot");

        await slave.Client.BuildAsync(new BuildCall
        {
            BuildId = "PACKAGEBUILD-1",
            Builder = "binarypackage",
            ChrootSha1 = chroot,
            FileMap = new Dictionary<string, string>(),
            Arguments = [],
        });
        StatusReply status;
        do
            status = await slave.Client.StatusAsync();
        while (status.Status != BuilderStatus.Waiting);

        Assert.That(
            backend.Failure, Is.InstanceOf<IOException>().With.Message.Contains("Not enough space: 8388608 bytes are to be written"));
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(status.FileMap!.Keys, Is.EqualTo(new[] { "small" }));
        Assert.That(
            Directory.GetFileSystemEntries(disk.Path).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { chroot, "buildlog", status.FileMap["small"] }));
        Assert.That((await slave.Client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_build_that_fills_the_disk_fails_with_the_reason_and_the_next_one_is_built()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        using var programs = new TemporaryDirectory();
        await using var slave = await StartAsync(disk, floor: 0, FillingPlugIn(programs), workToo: true);
        var build = await PreparedAsync(disk);

        await slave.Client.BuildAsync(build with { BuildId = "FILL-1" });
        await slave.WaitingAsync();

        var status = await slave.Client.StatusAsync();
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.PackageFail).Or.EqualTo(BuildStatus.BuilderFail));
        Assert.That(await LogAsync(slave), Does.Contain("No space left on device"));
        Assert.That(Directory.GetDirectories(slave.WorkDirectory), Is.Empty);
        Assert.That((await slave.Client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle));

        await slave.Client.BuildAsync(build with { BuildId = "SMALL-1" });
        await slave.WaitingAsync();
        Assert.That((await slave.Client.StatusAsync()).BuildStatus, Is.EqualTo(BuildStatus.Ok), await LogAsync(slave));
    }

    [Test]
    public async Task With_a_full_work_folder_no_build_is_taken_until_there_is_room()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        using var programs = new TemporaryDirectory();
        await using var slave = await StartAsync(disk, floor: 0, FillingPlugIn(programs), workToo: true);
        var build = await PreparedAsync(disk) with { BuildId = "SMALL-1" };
        var filler = disk.Fill("filler", 16 * MiB);

        Assert.That(
            async () => await slave.Client.BuildAsync(build),
            Throws.TypeOf<SlaveFaultException>());
        Assert.That((await slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.GetDirectories(slave.WorkDirectory), Is.Empty);

        File.Delete(filler);
        Assert.That((await slave.Client.BuildAsync(build)).Answer, Is.EqualTo(BuildAnswer.Building));
        await slave.WaitingAsync();
        Assert.That((await slave.Client.StatusAsync()).BuildStatus, Is.EqualTo(BuildStatus.Ok), await LogAsync(slave));
    }

    [Test]
    public async Task A_disk_that_is_full_when_a_build_ends_does_not_keep_it_from_ending()
    {
        await using var disk = await SmallFileSystem.MountAsync(8 * MiB);
        var backend = new WaitingBackend();
        await using var slave = await StartAsync(disk, floor: 0, backend, workToo: true);
        var build = await PreparedAsync(disk) with { Builder = backend.Tag };

        await slave.Client.BuildAsync(build);
        await backend.Started;
        var filler = disk.Fill("filler", 16 * MiB);
        await slave.Client.AbortAsync();
        await slave.WaitingAsync();

        Assert.That((await slave.Client.StatusAsync()).BuildStatus, Is.EqualTo(BuildStatus.Aborted).Or.EqualTo(BuildStatus.BuilderFail));
        Assert.That((await slave.Client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle), "cleaning is what makes room");
        File.Delete(filler);
        Assert.That((await slave.Client.BuildAsync(build)).Answer, Is.EqualTo(BuildAnswer.Building));
    }

    [Test]
    public async Task A_cache_that_can_only_be_read_is_told_before_the_slave_starts()
    {
        await using var disk = await SmallFileSystem.MountAsync(1 * MiB, "ro");

        Assert.That(
            new SlaveOptions { FileCacheDirectory = disk.Path }.FindMistakes(),
            Has.One.EqualTo($"the file cache '{disk.Path}' can't be listed and written to: Read-only file system"));
    }

    private static PlugInBackend FillingPlugIn(TemporaryDirectory programs)
    {
        var program = programs["plug-in"];
        Executable.WriteAsync(
            program,
            """
            #!/bin/sh
            request=$(cat)
            results=$(printf %s "$request" | sed -n 's/.*"results_dir" *: *"\([^"]*\)".*/\1/p')
            case $request in
                *FILL-*) head -c 64M /dev/zero > "$results/large" ;;
                *) echo small > "$results/small" ;;
            esac
            """).GetAwaiter().GetResult();
        return new PlugInBackend(new PlugInOptions { Tag = "binarypackage", Command = program });
    }

    private static async Task<BuildCall> PreparedAsync(SmallFileSystem disk)
    {
        var chroot = new string('c', 40);
        await File.WriteAllTextAsync(disk[chroot], "stands for a chroot");
        return new BuildCall
        {
            BuildId = "PACKAGEBUILD-1",
            Builder = "binarypackage",
            ChrootSha1 = chroot,
            FileMap = new Dictionary<string, string>(),
            Arguments = new XmlRpcStruct { ["series"] = "bookworm" },
        };
    }

    private static async Task<string> LogAsync(SlaveInProcess slave)
    {
        await using var log = await slave.Client.OpenFileAsync("buildlog");
        using var reader = new StreamReader(log.Content);
        return await reader.ReadToEndAsync();
    }

    private static Task<SlaveInProcess> StartAsync(SmallFileSystem disk, int floor, IBuildBackend? backend = null, bool workToo = false) =>
        SlaveInProcess.StartAsync(
        configure: options =>
        {
            options.FileCacheDirectory = disk.Path;
            if (workToo)
                options.WorkDirectory = Directory.CreateDirectory(disk["work"]).FullName;
            options.Cache = new FileCacheOptions { FreeSpaceFloorBytes = floor * (long)MiB };
            if (backend is not null)
            {
                options.Backends.Clear();
                options.Backends.Add(backend);
            }
        });

    private static EnsurePresentCall Zeros(int mebibytes, UpstreamServer upstream, string path = "/") => new()
    {
        Sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, new byte[mebibytes * MiB])),
        Url = upstream.Url(path),
    };

    private static UpstreamAnswer Announced(int mebibytes, int sent = 0) =>
        UpstreamAnswer.Of(
            $"HTTP/1.1 200 OK\r\nContent-Length: {mebibytes * MiB}\r\nConnection: close\r\n\r\n") with
        { Zeros = sent * (long)MiB };

    private static UpstreamAnswer Unannounced(int sent) =>
        UpstreamAnswer.Of("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n") with { Zeros = sent * (long)MiB };

    /// <summary>A build that writes to its log until it is aborted.</summary>
    private sealed class WaitingBackend : IBuildBackend, IBuild
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Tag => "waiting";

        internal Task Started => _started.Task;

        public IBuild Prepare(BuildRequest request) => this;

        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            context.EnterPhase("waiting");
            _started.TrySetResult();
            while (true)
            {
                context.Log.WriteLine("still waiting");
                await Task.Delay(10, abort);
            }
        }
    }

    /// <summary>A build with a result that does not fit and one that does.</summary>
    private sealed class StoringBackend : IBuildBackend, IBuild
    {
        public string Tag => "binarypackage";

        internal Exception? Failure { get; private set; }

        public IBuild Prepare(BuildRequest request) => this;

        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            var large = Path.Combine(context.Directory, "large");
            await File.WriteAllBytesAsync(large, new byte[8 * MiB], abort);
            try
            {
                await context.AddResultAsync(large, null, abort);
            }
            catch (IOException e)
            {
                Failure = e;
            }

            var small = Path.Combine(context.Directory, "small");
            await File.WriteAllTextAsync(small, "a result", abort);
            await context.AddResultAsync(small, null, abort);
            return new BuildOutcome(BuildStatus.Ok);
        }
    }
}
