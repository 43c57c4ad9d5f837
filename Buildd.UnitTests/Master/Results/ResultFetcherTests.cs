using Buildd.Debian;
using Buildd.Master;
using Buildd.Master.Results;
using Buildd.Protocol.Client;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Results;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(20_000)]
public sealed class ResultFetcherTests : IDisposable
{
    private const string LeafName = "20260314-170926-PACKAGEBUILD-22"; // the clock's local time
    private readonly ScriptedSlave _slave = new();
    private readonly TemporaryDirectory _root = new();
    private Func<string, long> _freeBytes = _ => long.MaxValue;

    public ResultFetcherTests()
    {
        _slave.Files["buildlog"] = Bytes("the log");
        foreach (var content in new[] { "one", "two", "" })
            _slave.Files[Sha1(content)] = Bytes(content);
    }

    public void Dispose() => _root.Dispose();

    [Test]
    public async Task All_files_and_the_log_are_in_one_leaf_where_upload_processors_look_for_them()
    {
        var results = await FetchAsync(("b.deb", Sha1("two")), ("a.deb", Sha1("one")), ("empty", Sha1("")));

        Assert.That(results.Leaf, Is.EqualTo(_root[$"incoming/{LeafName}"]));
        Assert.That(Incoming(), Is.EquivalentTo(["a.deb", "b.deb", "buildlog", "empty"]));
        Assert.That(results.Folder, Is.EqualTo(_root[$"incoming/{LeafName}/1/debian"]));
        Assert.That(results.LogPath, Is.EqualTo(_root[$"incoming/{LeafName}/buildlog"]));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(results.Folder, "a.deb")), Is.EqualTo("one"));
        Assert.That(await File.ReadAllTextAsync(results.LogPath!), Is.EqualTo("the log"));
        Assert.That(results.Files, Is.EqualTo([Fetched("b.deb", "two"), Fetched("a.deb", "one"), Fetched("empty", "")]));
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

        await FetchAsync(("a.deb", Sha1("one")), ("b.deb", Sha1("two")));

        Assert.That(seen, Is.EqualTo([true, true, true]));
    }

    [Test]
    public async Task Two_names_with_one_sum_are_both_there()
    {
        await FetchAsync(("a.deb", Sha1("one")), ("b.deb", Sha1("one")));

        Assert.That(Incoming(), Is.EquivalentTo(["a.deb", "b.deb", "buildlog"]));
    }

    [Test]
    public async Task Without_a_file_map_the_log_alone_is_fetched()
    {
        var results = await Fetcher().FetchAsync(Cookie, null);

        Assert.That(Incoming(), Is.EqualTo(["buildlog"]));
        Assert.That(results.Files, Is.Empty);
    }

    [Test]
    public async Task A_slave_without_a_log_has_results_all_the_same()
    {
        _slave.Files.TryRemove("buildlog", out _);

        var results = await FetchAsync(("a.deb", Sha1("one")));

        Assert.That(results.LogPath, Is.Null);
        Assert.That(Incoming(), Is.EqualTo(["a.deb"]));
    }

    [Test]
    public async Task Another_content_than_promised_is_refused()
    {
        _slave.Files[Sha1("one")] = Bytes("eno");

        var exception = await Refused<ResultMismatchException>(("b.deb", Sha1("two")), ("a.deb", Sha1("one")));

        Assert.That((exception.Name, exception.Expected, exception.Found), Is.EqualTo(("a.deb", Sha1("one"), Sha1("eno"))));
        Assert.That(exception.Message, Does.Contain("a.deb").And.Contain(Sha1("one")).And.Contain(Sha1("eno")));
    }

    [TestCase(4, "4 bytes", "3 bytes")]
    [TestCase(2, "2 bytes", "3 bytes")]
    public async Task A_file_that_ends_early_or_late_is_refused(long claimed, string expected, string found)
    {
        _slave.OnOpen = (name, offset) => name == Sha1("one") ? ScriptedSlave.File(Bytes("one"), 0, claimed) : _slave.Open(name, offset);

        var exception = await Refused<ResultMismatchException>(("a.deb", Sha1("one")));

        Assert.That((exception.Expected, exception.Found), Is.EqualTo((expected, found)));
    }

    [Test]
    public async Task A_truncated_log_is_refused_too()
    {
        _slave.OnOpen = (name, offset) => name == "buildlog" ? ScriptedSlave.File(Bytes("the"), 0, 7) : _slave.Open(name, offset);

        Assert.That((await Refused<ResultMismatchException>(("a.deb", Sha1("one")))).Name, Is.EqualTo("buildlog"));
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
    public async Task A_name_that_escapes_is_refused_before_anything_is_done(string name)
    {
        var exception = await Assert.ThrowsAsync<BadFileMapException>(() => FetchAsync(("a.deb", Sha1("one")), (name, Sha1("two"))));

        Assert.That(exception!.Name, Is.EqualTo(name));
        Assert.That(exception.Message.Any(char.IsControl), Is.False);
        Assert.That(_slave.Calls, Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(_root.Path), Is.Empty);
    }

    [TestCase("")]
    [TestCase("buildlog")]
    [TestCase("../../etc/passwd")]
    [TestCase("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")]
    public async Task A_sum_that_is_none_is_refused_before_anything_is_done(string sha1)
    {
        await Assert.ThatAsync(() => FetchAsync(("a.deb", sha1)), Throws.TypeOf<BadFileMapException>());

        Assert.That(_slave.Calls, Is.Empty);
    }

    [Test]
    public async Task A_file_map_without_end_is_refused()
    {
        var files = Enumerable.Range(0, 10_001).Select(i => ($"f{i}", Sha1("one"))).ToArray();

        await Assert.ThatAsync(() => FetchAsync(files), Throws.TypeOf<BadFileMapException>().With.Message.Contains("10000"));
    }

    [TestCase("../x")]
    [TestCase("")]
    public async Task A_cookie_that_escapes_is_refused(string cookie)
    {
        await Assert.ThatAsync(() => Fetcher().FetchAsync(cookie, null), Throws.TypeOf<FileNameException>());

        Assert.That(Directory.EnumerateFileSystemEntries(_root.Path), Is.Empty);
    }

    [TestCase("incoming")]
    [TestCase("grabbing")]
    public async Task A_leaf_that_exists_is_left_as_it_is(string where)
    {
        Directory.CreateDirectory(_root[$"{where}/{LeafName}"]);
        await File.WriteAllTextAsync(_root[$"{where}/{LeafName}/a.deb"], "older");

        await Assert.ThatAsync(() => FetchAsync(("a.deb", Sha1("one"))), Throws.TypeOf<LeafExistsException>());

        Assert.That(await File.ReadAllTextAsync(_root[$"{where}/{LeafName}/a.deb"]), Is.EqualTo("older"));
        Assert.That(_slave.Calls, Is.Empty);
    }

    [Test]
    public async Task A_leaf_that_somebody_makes_meanwhile_is_left_as_it_is()
    {
        _slave.OnOpen = (name, offset) =>
        {
            Directory.CreateDirectory(_root[$"incoming/{LeafName}/theirs"]);
            return _slave.Open(name, offset);
        };

        await Assert.ThatAsync(() => FetchAsync(("a.deb", Sha1("one"))), Throws.TypeOf<LeafExistsException>());

        Assert.That(Directory.EnumerateFileSystemEntries(_root[$"incoming/{LeafName}"]).Select(Path.GetFileName), Is.EqualTo(["theirs"]));
        Assert.That(Directory.EnumerateFileSystemEntries(_root["grabbing"]), Is.Empty);
    }

    [Test]
    public async Task A_file_that_is_gone_leaves_nothing() =>
        await Refused<SlaveFileNotFoundException>(("a.deb", Sha1("one")), ("b.deb", Sha1("never stored")));

    [Test]
    public async Task A_connection_that_breaks_leaves_nothing()
    {
        _slave.OnOpen = (name, offset) => name == Sha1("two") ? throw ScriptedSlave.Broken : _slave.Open(name, offset);

        await Refused<SlaveConnectionException>(("a.deb", Sha1("one")), ("b.deb", Sha1("two")));
    }

    [Test]
    public async Task Cancelled_it_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        _slave.OnOpen = (name, offset) =>
        {
            cancel.Cancel();
            return _slave.Open(name, offset);
        };

        await Assert.ThatAsync(() => Fetcher().FetchAsync(Cookie, Map(("a.deb", Sha1("one"))), null, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());

        AssertNothingThere();
    }

    [Test]
    public async Task A_disk_without_room_is_noticed_before_the_file_is_written()
    {
        _freeBytes = _ => (64L << 20) + 2;

        var exception = await Refused<NoSpaceException>(("a.deb", Sha1("one")));

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
    public async Task So_many_files_are_fetched_at_a_time_and_no_more()
    {
        var gate = new Gate(openAt: 3);
        foreach (var i in Enumerable.Range(0, 12))
            _slave.Files[Sha1($"{i}")] = Bytes($"{i}");
        _slave.OnOpen = (name, offset) =>
            name == "buildlog" ? _slave.Open(name, offset) : new SlaveFile(_slave.Files[name].Length, 0, gate.Enter(_slave.Files[name]));

        await Fetcher(new ResultOptions { Root = _root.Path, ParallelDownloads = 3 })
            .FetchAsync(Cookie, Map([.. Enumerable.Range(0, 12).Select(i => ($"f{i}", Sha1($"{i}")))]));

        Assert.That(gate.Most, Is.EqualTo(3));
    }

    [Test]
    public async Task Each_file_is_told_of_when_it_is_there()
    {
        var told = new List<FileFetched>();

        await Fetcher().FetchAsync(Cookie, Map(("a.deb", Sha1("one")), ("b.deb", Sha1("two"))), fetched =>
        {
            told.Add(fetched);
            return ValueTask.CompletedTask;
        });

        Assert.That(told.Select(fetched => (fetched.Name, fetched.Size)), Is.EquivalentTo([("a.deb", 3L), ("b.deb", 3L)]));
    }

    [Test]
    public void The_real_disk_has_some_room() => Assert.That(DiskSpace.FreeBytes(_root.Path), Is.Positive);

    private static FetchedFile Fetched(string name, string content) =>
        new() { Name = name, Size = content.Length, Sha1 = Sha1(content), Sha256 = Sha256(content) };

    private ResultFetcher Fetcher(ResultOptions? options = null) => new(
        _slave, options ?? new ResultOptions { Root = _root.Path }, new ManualTimeProvider(),
        new RecordingLogger<ResultFetcher>(), folder => _freeBytes(folder));

    private Task<FetchedResults> FetchAsync(params (string Name, string Sha1)[] files) => Fetcher().FetchAsync(Cookie, Map(files));

    private async Task<T> Refused<T>(params (string Name, string Sha1)[] files)
        where T : Exception
    {
        var exception = await Assert.ThrowsAsync<T>(() => FetchAsync(files));
        AssertNothingThere();
        return exception!;
    }

    private void AssertNothingThere()
    {
        Assert.That(Directory.EnumerateFileSystemEntries(_root["incoming"]), Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(_root["grabbing"]), Is.Empty);
    }

    private IEnumerable<string?> Incoming() =>
        Directory.EnumerateFiles(_root[$"incoming/{LeafName}"], "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path));

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
