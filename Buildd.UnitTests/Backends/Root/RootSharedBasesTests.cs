using System.Text;
using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>Two slaves that share a work folder, and so the chroots that are unpacked once.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class RootSharedBasesTests : IAsyncDisposable
{
    private const string Sum = "0123456789abcdef0123456789abcdef01234567";
    private const int Files = 3000;

    private readonly TemporaryDirectory _folder;
    private readonly StringBuilder _said = new();

    public RootSharedBasesTests()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        _folder = new TemporaryDirectory("/var/tmp"); // /tmp may be of memory
        foreach (var name in (string[])["work/build-1", "work/build-2", "work/build-3", "work/bases", "cache", "tree/chroot-autobuild"])
            Directory.CreateDirectory(_folder[name]);
    }

    private string Base => _folder[$"work/bases/{Sum}"];

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
            return;
        foreach (var id in (string[])["1", "2"])
            await RunAsync(new RootOperation.Unmount(id));
        _folder.Dispose();
    }

    [Test]
    public async Task Whatever_another_slave_does_meanwhile_a_base_is_whole()
    {
        await MakeTarballAsync();
        var first = RunAsync(new RootOperation.Overlay("1", Sha1.Parse(Sum)));
        var second = RunAsync(new RootOperation.Overlay("2", Sha1.Parse(Sum)));
        while (!(first.IsCompleted && second.IsCompleted))
        {
            await RunAsync(new RootOperation.TryOverlay());
            await RunAsync(new RootOperation.Remove("3"));
            await DropAsync();
        }

        Assert.That((await first, await second), Is.EqualTo((0, 0)), _said.ToString);
        foreach (var id in (string[])["1", "2"])
        {
            Assert.That(
                Directory.GetFiles(_folder[$"work/build-{id}/chroot-autobuild"]), Has.Length.EqualTo(Files), $"of build {id}");
        }
    }

    [Test]
    public async Task What_another_slave_unpacks_stays_and_is_waited_for()
    {
        await MakeTarballAsync();
        using var bases = OpenedPath.Open(_folder["work/bases"]);
        Directory.CreateDirectory(Base + ".new");
        Task<int> waiting;
        using (BaseLock.TryTake(bases, Sum))
        {
            await RunAsync(new RootOperation.Remove("3"));
            await RunAsync(new RootOperation.TryOverlay());
            Assert.That(async () => await RunAsync(new RootOperation.Drop(Sha1.Parse(Sum))), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("is in use"));
            waiting = RunAsync(new RootOperation.Overlay("1", Sha1.Parse(Sum)));
            await Task.Delay(TimeSpan.FromMilliseconds(300));

            Assert.That(Base + ".new", Does.Exist);
            Assert.That(waiting.IsCompleted, Is.False);
            Directory.Move(Base + ".new", Base); // done, as far as the waiting can tell
            Directory.CreateDirectory(Path.Combine(Base, "system", "chroot-autobuild"));
            await File.WriteAllTextAsync(Path.Combine(Base, "size"), "1\n");
        }

        Assert.That(await waiting, Is.Zero, _said.ToString);
    }

    [Test]
    public async Task Who_has_died_keeps_nobody()
    {
        await MakeTarballAsync();
        Directory.CreateDirectory(Base + ".new");
        await File.WriteAllTextAsync(Base + ".lock", "");

        await RunAsync(new RootOperation.Remove("3"));

        Assert.That(Directory.GetFileSystemEntries(_folder["work/bases"]), Is.Empty);
    }

    [Test]
    public async Task A_lock_whose_file_was_removed_by_its_last_holder_is_none()
    {
        using var bases = OpenedPath.Open(_folder["work/bases"]);
        var first = BaseLock.TryTake(bases, Sum)!;
        Assert.That(BaseLock.TryTake(bases, Sum), Is.Null);
        Assert.That(BaseLock.TryTake(bases, Sum, isShared: true), Is.Null);
        first.Dispose();
        Assert.That(Base + ".lock", Does.Not.Exist);

        Directory.CreateDirectory(Base);
        using (BaseLock.TryTake(bases, Sum, isShared: true))
        {
            using var another = BaseLock.TryTake(bases, Sum, isShared: true);
            Assert.That(another, Is.Not.Null, "several may rely on it");
            Assert.That(BaseLock.TryTake(bases, Sum), Is.Null);
        }

        using var last = await BaseLock.TakeAsync(bases, Sum, isShared: false, TimeProvider.System, default);
        Assert.That(Base + ".lock", Does.Exist);
    }

    private async Task DropAsync()
    {
        try
        {
            await RunAsync(new RootOperation.Drop(Sha1.Parse(Sum)));
        }
        catch (RootOperationException e) when (e.Message.Contains("is in use", StringComparison.Ordinal))
        {
            // as it may be
        }
    }

    private async Task<int> RunAsync(RootOperation operation)
    {
        await using var scope = ProcessScope.Open("root-test");
        var place = new RootPlace { WorkDirectory = _folder["work"], FileCacheDirectory = _folder["cache"], Owners = [] };
        return await new RootExecutor(place, scope, bytes =>
        {
            lock (_said)
                _said.Append(Encoding.UTF8.GetString(bytes));
        }, TimeProvider.System).RunAsync(operation, default, default);
    }

    private Task<string> MakeTarballAsync() => ProcessRunner.CaptureAsync(Command.Of(
        "sh", "-ec", $"i=0; while [ $i -lt {Files} ]; do echo $i > chroot-autobuild/$i; i=$((i+1)); done; tar -czf $0 *",
        _folder[$"cache/{Sum}"]) with
    { WorkingDirectory = _folder["tree"] });
}
