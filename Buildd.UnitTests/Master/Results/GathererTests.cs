using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Results;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using static Buildd.UnitTests.Master.Replies;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Results;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(20_000)]
public sealed class GathererTests : IDisposable
{
    private const string LeafName = "20260314-150926-PACKAGEBUILD-22";

    private readonly ScriptedSlave _slave = new();
    private readonly TemporaryDirectory _root = new();
    private readonly ManualTimeProvider _time = new(); // two hours ahead in local time
    private readonly Build _build = new NewBuild { JobType = "PACKAGEBUILD", Title = "hello" }.ToBuild(22, 1, default)
        .Dispatched("bob", default).GatheringInto(LeafName);

    private Func<string, long> _freeBytes = _ => long.MaxValue;

    public GathererTests()
    {
        foreach (var content in new[] { "one", "two", "" })
            _slave.Files[Sha1Of(content)] = Bytes(content);
    }

    public void Dispose() => _root.Dispose();

    [Test]
    public void A_leaf_is_named_by_the_time_in_UTC_and_the_cookie()
    {
        using var gatherer = Gatherer();

        Assert.That(gatherer.NameLeaf(_build, _time.GetUtcNow()), Is.EqualTo(LeafName));
    }

    [TestCase("incoming")]
    [TestCase("grabbing")]
    public void A_name_that_is_in_use_is_not_given_again(string where)
    {
        using var gatherer = Gatherer();
        Directory.CreateDirectory(_root[$"{where}/{LeafName}"]);

        Assert.That(gatherer.NameLeaf(_build, _time.GetUtcNow()), Is.EqualTo("20260314-150927-PACKAGEBUILD-22"));
    }

    [Test]
    public async Task All_files_are_in_one_leaf_where_upload_processors_look_for_them()
    {
        var files = await FetchAsync(("b.deb", "two"), ("a.deb", "one"), ("empty", ""));

        Assert.That(files, Is.EqualTo([File("b.deb", "two"), File("a.deb", "one"), File("empty", "")]));
        Assert.That(Incoming(), Is.EquivalentTo(["1/debian/a.deb", "1/debian/b.deb", "1/debian/empty"]));
        Assert.That(await System.IO.File.ReadAllTextAsync(_root[$"incoming/{LeafName}/1/debian/a.deb"]), Is.EqualTo("one"));
        Assert.That(Directory.EnumerateFileSystemEntries(_root["grabbing"]), Is.Empty);
    }

    [Test]
    public async Task Until_everything_is_there_nothing_is_in_incoming()
    {
        var seen = new List<bool>();
        _slave.OnOpen = (name, offset) =>
        {
            lock (seen)
                seen.Add(Directory.Exists(_root[$"grabbing/{LeafName}"]) && !Directory.EnumerateFileSystemEntries(_root["incoming"]).Any());
            return _slave.Open(name, offset);
        };

        await FetchAsync(("a.deb", "one"), ("b.deb", "two"));

        Assert.That(seen, Is.EqualTo([true, true]));
    }

    [Test]
    public async Task Two_names_with_one_sum_are_both_there()
    {
        await FetchAsync(("a.deb", "one"), ("b.deb", "one"));

        Assert.That(Incoming(), Is.EquivalentTo(["1/debian/a.deb", "1/debian/b.deb"]));
    }

    [Test]
    public async Task Another_content_than_promised_is_refused()
    {
        _slave.Files[Sha1Of("one")] = Bytes("eno");

        var exception = await Refused<ResultMismatchException>(("b.deb", "two"), ("a.deb", "one"));

        Assert.That((exception.Name, exception.Expected, exception.Found), Is.EqualTo(("a.deb", Sha1Of("one"), Sha1Of("eno"))));
        Assert.That(exception.Message, Does.Contain("a.deb").And.Contain(Sha1Of("one")).And.Contain(Sha1Of("eno")));
    }

    [TestCase(4, "4 bytes", "3 bytes")]
    [TestCase(2, "2 bytes", "3 bytes")]
    public async Task A_file_that_ends_early_or_late_is_refused(long claimed, string expected, string found)
    {
        _slave.OnOpen = (name, offset) => name == Sha1Of("one") ? ScriptedSlave.File(Bytes("one"), 0, claimed) : _slave.Open(name, offset);

        var exception = await Refused<ResultMismatchException>(("a.deb", "one"));

        Assert.That((exception.Expected, exception.Found), Is.EqualTo((expected, found)));
    }

    [TestCase("")]
    [TestCase("..")]
    [TestCase("../x")]
    [TestCase("../incoming-x/f")]
    [TestCase("/etc/passwd")]
    [TestCase("a/b")]
    [TestCase("a\\b")]
    [TestCase("a\0b")]
    [TestCase("a\nb")]
    [TestCase(".hidden")]
    [TestCase("-rf")]
    [TestCase("buildlog")]
    public void A_name_that_escapes_is_refused(string name)
    {
        var map = Map(("a.deb", Sha1Of("one")), (name, Sha1Of("two")));

        var exception = Assert.Throws<BadFileMapException>(() => FileMap.Check(_slave.Url, map))!;

        Assert.That(exception.Name, Is.EqualTo(name));
        Assert.That(exception.Message.Any(char.IsControl), Is.False);
    }

    [TestCase("")]
    [TestCase("buildlog")]
    [TestCase("../../etc/passwd")]
    [TestCase("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")]
    public void A_sum_that_is_none_is_refused(string sha1) =>
        Assert.That(() => FileMap.Check(_slave.Url, Map(("a.deb", sha1))), Throws.TypeOf<BadFileMapException>());

    [Test]
    public void A_file_map_without_end_is_refused()
    {
        var files = Enumerable.Range(0, 10_001).Select(i => ($"f{i}", Sha1Of("one"))).ToArray();

        Assert.That(() => FileMap.Check(_slave.Url, Map(files)), Throws.TypeOf<BadFileMapException>().With.Message.Contains("10000"));
    }

    [Test]
    public async Task A_leaf_that_somebody_makes_meanwhile_is_left_as_it_is()
    {
        _slave.OnOpen = (name, offset) =>
        {
            Directory.CreateDirectory(_root[$"incoming/{LeafName}/theirs"]);
            return _slave.Open(name, offset);
        };

        await Assert.ThatAsync(() => FetchAsync(("a.deb", "one")), Throws.TypeOf<LeafExistsException>());

        Assert.That(Directory.EnumerateFileSystemEntries(_root[$"incoming/{LeafName}"]).Select(Path.GetFileName), Is.EqualTo(["theirs"]));
    }

    [Test]
    public async Task A_file_that_is_gone_keeps_the_leaf_from_landing() =>
        await Refused<SlaveFileNotFoundException>(("a.deb", "one"), ("b.deb", "never stored"));

    [Test]
    public async Task A_connection_that_breaks_keeps_what_was_fetched_and_it_is_not_fetched_again()
    {
        var opened = new List<string>();
        var broken = true;
        _slave.OnOpen = (name, offset) =>
        {
            lock (opened)
                opened.Add(name);
            return broken && name == Sha1Of("two") ? throw ScriptedSlave.Broken : _slave.Open(name, offset);
        };
        await Refused<SlaveConnectionException>(("a.deb", "one"), ("b.deb", "two"));
        broken = false;
        opened.Clear();
        var here = System.IO.File.Exists(_root[$"grabbing/{LeafName}/1/debian/a.deb"]);

        await FetchAsync(("a.deb", "one"), ("b.deb", "two"));

        Assert.That(opened, Is.EquivalentTo(here ? new[] { Sha1Of("two") } : [Sha1Of("one"), Sha1Of("two")]));
        Assert.That(Incoming(), Is.EquivalentTo(["1/debian/a.deb", "1/debian/b.deb"]));
    }

    [Test]
    public async Task Cancelled_it_lands_nothing()
    {
        using var cancel = new CancellationTokenSource();
        _slave.OnOpen = (name, offset) =>
        {
            cancel.Cancel();
            return _slave.Open(name, offset);
        };
        using var gatherer = Gatherer();

        await Assert.ThatAsync(
            () => gatherer.FetchAsync(_build, _slave, [("a.deb", Sha1.Parse(Sha1Of("one")))], cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());

        Assert.That(Directory.EnumerateFileSystemEntries(_root["incoming"]), Is.Empty);
    }

    [Test]
    public async Task A_disk_without_room_is_noticed_before_the_file_is_written()
    {
        _freeBytes = _ => (64L << 20) + 2;

        var exception = await Refused<NoSpaceException>(("a.deb", "one"));

        Assert.That((exception.Name, exception.Needed, exception.Available), Is.EqualTo(("a.deb", 3L, 2L)));
    }

    [Test]
    public void What_is_promised_to_one_file_is_not_promised_to_the_next()
    {
        var space = new DiskSpace("/", 10, _ => 100);
        space.Promise("a", 60);

        Assert.That(() => space.Promise("b", 31), Throws.TypeOf<NoSpaceException>());
        space.Written(1);
        Assert.That(() => space.Promise("b", 31), Throws.Nothing);
    }

    [Test]
    public void All_files_of_a_build_count_each_once()
    {
        var space = new DiskSpace("/", 0, _ => long.MaxValue, maxBytes: 100);
        space.Count("a", 60);
        space.Count("a", 60);
        space.Count("b", 40);

        Assert.That(() => space.Count("c", 1), Throws.TypeOf<ResultsTooLargeException>());
        Assert.That(() => space.Count("b", long.MaxValue), Throws.TypeOf<ResultsTooLargeException>());
    }

    [Test]
    public async Task So_many_files_are_fetched_at_a_time_and_no_more()
    {
        var gate = new Gate(openAt: 3);
        var contents = Enumerable.Range(0, 12).Select(i => $"{i}").ToList();
        foreach (var content in contents)
            _slave.Files[Sha1Of(content)] = Bytes(content);
        _slave.OnOpen = (name, _) => new SlaveFile(_slave.Files[name].Length, 0, gate.Enter(_slave.Files[name]));
        using var gatherer = Gatherer(new MasterOptions { Root = _root.Path, MaxDownloadsPerBuilder = 3 });

        var wanted = contents.Select(content => ($"f{content}", Sha1.Parse(Sha1Of(content))));
        await gatherer.FetchAsync(_build, _slave, [.. wanted], CancellationToken.None);

        Assert.That(gate.Most, Is.EqualTo(3));
    }

    [Test]
    public void The_real_disk_has_some_room() =>
        Assert.That(DiskSpace.FreeBytes(_root.Path), Is.InRange(1, DiskSpace.TotalBytes(_root.Path)));

    private static BuildFile File(string name, string content) => new(name, content.Length, Sha1.Parse(Sha1Of(content)), Sha256(content));

    private Gatherer Gatherer(MasterOptions? options = null) =>
        new(options ?? new MasterOptions { Root = _root.Path }, folder => _freeBytes(folder));

    private async Task<IReadOnlyList<BuildFile>> FetchAsync(params (string Name, string Content)[] files)
    {
        using var gatherer = Gatherer();
        var wanted = files.Select(file => (file.Name, Sha1.Parse(Sha1Of(file.Content)))).ToList();
        return await gatherer.FetchAsync(_build, _slave, wanted, CancellationToken.None);
    }

    private async Task<T> Refused<T>(params (string Name, string Content)[] files)
        where T : Exception
    {
        var exception = await Assert.ThrowsAsync<T>(() => FetchAsync(files));
        Assert.That(Directory.EnumerateFileSystemEntries(_root["incoming"]), Is.Empty);
        return exception!;
    }

    private IEnumerable<string> Incoming() => Directory.EnumerateFiles(_root[$"incoming/{LeafName}"], "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(_root[$"incoming/{LeafName}"], path));

    /// <summary>Files that give nothing away until so many are open at once; counts how many are.</summary>
    private sealed class Gate(int openAt)
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _now;

        public int Most { get; private set; }

        public Stream Enter(byte[] content)
        {
            lock (_open)
                Most = Math.Max(Most, ++_now);
            if (Most >= openAt)
                _open.TrySetResult();
            return new GatedStream(this, content);
        }

        private sealed class GatedStream(Gate gate, byte[] content) : MemoryStream(content)
        {
            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                await gate._open.Task.WaitAsync(cancellationToken);
                return await base.ReadAsync(buffer, cancellationToken);
            }

            public override ValueTask DisposeAsync()
            {
                lock (gate._open)
                    gate._now--;
                return base.DisposeAsync();
            }
        }
    }
}
