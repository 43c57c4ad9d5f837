using System.Text;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Commands;
using Buildd.Debian.Relations;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>The indexes of archives, and how they come out of a chroot.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PackageIndexTests
{
    private readonly ScriptedChroot _chroot = new();

    [TestCase("Package: a\nVersion: 1\n\n", "a (= 1)", 1)]
    [TestCase("Package: a\nVersion: 1", "a (= 1)", 1, Description = "no end")]
    [TestCase("Package: a\nVersion: 1\nPackage: b\nVersion: 2\n", "a (= 1), b (= 2)", 2, Description = "no empty line between")]
    [TestCase("package:a\r\nVERSION:\t 1 \r\n\r\n", "a (= 1)", 1)]
    [TestCase("Package\t : a\nVersion : 1\nProvides : b\n", "a (= 1), b", 1)]
    [TestCase("Version: 1\nPackage: a\n", "a", 1)]
    [TestCase("Package: a\nVersion: of nobody\n", "a", 1)]
    [TestCase("Package: a\nVersion: 1\n\nPackage: a\nVersion: 3\n", "a (>= 2)", 2)]
    [TestCase("Package: x\nProvides: a, b (= 1) , c:any (= 2),d\n", "a, b (>= 1), c (<< 3), d", 1)]
    [TestCase("Package: x\nProvides: a,\n b (= 1),\n\tc\nTag: d\n", "a, b, c", 1, Description = "over several lines")]
    [TestCase("Package: x\nDescription: y\n Package: a\n Provides: a\n", "-a", 1)]
    [TestCase("Package: x\nProvides: a (= 1, b\n", "-a, b", 1, Description = "what is broken provides nothing")]
    [TestCase("Package: x\nProvides: , ,\n", "-a", 1)]
    [TestCase("Package: x\nProvides-Not: a\nPackages: a\n", "-a", 1)]
    [TestCase("Package: sbuild-build-depends-main-dummy\nVersion: 0.invalid.0\nDepends: a\n", "-a", 0)]
    [TestCase("W: apt warns of something\nPackage: a\n", "a", 1)]
    [TestCase("", "-a", 0)]
    public void An_index_tells_what_there_is(string index, string relations, int packages)
    {
        var groups = RelationGroup.ParseList(relations.Trim('-'));
        foreach (var size in (int[])[1, 3, 1000])
        {
            var matcher = new RelationMatcher(groups);
            var reader = new PackageIndexReader(matcher);
            foreach (var piece in Encoding.UTF8.GetBytes(index).Chunk(size))
                reader.Write(piece);
            reader.Complete();

            Assert.That(matcher.IsSatisfied(groups[0]), Is.EqualTo(!relations.StartsWith('-')));
            Assert.That(groups.Skip(1).Select(matcher.IsSatisfied), Is.All.True);
            Assert.That(reader.Packages, Is.EqualTo(packages));
        }
    }

    [Test]
    public void An_index_of_100_MB_is_read_in_constant_memory()
    {
        var groups = RelationGroup.ParseList("wanted (>= 2), provided (>= 2)");
        var matcher = new RelationMatcher(groups);
        var reader = new PackageIndexReader(matcher);
        var provides = string.Join(", ", Enumerable.Range(0, 100).Select(i => $"librust-x-{i}-dev (= 1.0-1)"));
        var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i =>
            $"Package: package-{i}\nVersion: 1.0-{i}\nProvides: {provides}\nDescription: {new string('x', 200)}\nSHA256: "
                + $"{new string('0', 64)}\n\n")));
        reader.Write(piece);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var written = 0; written < 100_000_000; written += piece.Length)
            reader.Write(piece);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(64 * 1024));
        reader.Write("Package: wanted\nVersion: 3\nProvides: provided (= 3)\n"u8);
        reader.Complete();
        Assert.That(groups.Select(matcher.IsSatisfied), Is.All.True);
    }

    [Test]
    public void A_line_that_does_not_end_is_refused_where_it_matters_and_passed_over_elsewhere()
    {
        var endless = Encoding.UTF8.GetBytes(new string('x', PackageIndexReader.MaxLineBytes + 1) + "\n");
        var matcher = new RelationMatcher(RelationGroup.ParseList("a"));
        var reader = new PackageIndexReader(matcher);

        reader.Write("Package: "u8);
        reader.Write(endless);
        reader.Write("Version: "u8);
        reader.Write(endless);
        reader.Write("Description: "u8);
        reader.Write(endless);
        reader.Write("Provides: "u8);

        Assert.That(() => reader.Write(endless), Throws.InstanceOf<IOException>().With.Message.Contains("longer than 1048576"));
    }

    [Test]
    public async Task The_helper_reads_what_apt_lists(CancellationToken cancellationToken)
    {
        _chroot.Targets = "W: apt warns of something\nbuildd-index:/lists/a\nbuildd-index:not-absolute\nbuildd-index:/lists/b\n";
        _chroot.Index = "Package: a\n";

        Assert.That(await ReadAsync("a", cancellationToken), Is.EqualTo((1, true)));
        Assert.That(
            _chroot.Ran.Select(command => command.ToString()).Last(), Is.EqualTo("/usr/lib/apt/apt-helper cat-file /lists/a /lists/b"));
    }

    [Test]
    public async Task Many_indexes_are_read_in_several_calls(CancellationToken cancellationToken)
    {
        _chroot.Targets =
            string.Concat(Enumerable.Range(0, ChrootPackageIndexes.FilesPerCall + 1).Select(i => $"buildd-index:/lists/{i}\n"));
        _chroot.Index = "Package: a\n";

        Assert.That(await ReadAsync("a", cancellationToken), Is.EqualTo((2, true)));
        Assert.That(
            _chroot.Ran.Skip(1)
                .SelectMany(command => command.Arguments.Skip(1)), Is.Unique.And.Exactly(ChrootPackageIndexes.FilesPerCall + 1).Items);
    }

    [Test]
    public void More_indexes_than_make_sense_are_refused(CancellationToken cancellationToken)
    {
        _chroot.Targets = string.Concat(Enumerable.Range(0, ChrootPackageIndexes.MaxIndexes + 1).Select(i => $"buildd-index:/lists/{i}\n"));

        Assert.That(
            async () => await ReadAsync("a", cancellationToken), Throws.InstanceOf<IOException>().With.Message.Contains("more than 10000"));
    }

    [TestCase(100, 0, Description = "an apt that does not know the command")]
    [TestCase(0, 127, Description = "an apt without the helper")]
    [TestCase(0, 100, Description = "a helper that fails")]
    public async Task Without_the_helper_plain_indexes_are_read(
        int targetsExitCode, int helperExitCode, CancellationToken cancellationToken)
    {
        (_chroot.TargetsExitCode, _chroot.HelperExitCode, _chroot.Plain) = (targetsExitCode, helperExitCode, "Package: a\n");

        Assert.That(await ReadAsync("a", cancellationToken), Is.EqualTo((1, true)));
    }

    [Test]
    public async Task A_chroot_may_have_no_indexes(CancellationToken cancellationToken)
    {
        _chroot.Targets = "";

        Assert.That(await ReadAsync("a", cancellationToken), Is.EqualTo((0, false)));
    }

    [Test]
    public void Compressed_indexes_without_the_helper_are_refused(CancellationToken cancellationToken)
    {
        (_chroot.HelperExitCode, _chroot.PlainExitCode) = (127, 3);

        Assert.That(
            async () => await ReadAsync("a", cancellationToken), Throws.InstanceOf<IOException>().With.Message.Contains("compressed"));
    }

    [Test]
    public void Lines_are_the_same_in_whatever_pieces_they_come()
    {
        var text = Encoding.UTF8.GetBytes("one\n\ntoo long a line\nthree\n\nlast");
        foreach (var size in Enumerable.Range(1, text.Length))
        {
            var lines = new List<string>();
            var splitter = new LineSplitter(8, (line, isCut) => lines.Add(Encoding.UTF8.GetString(line) + (isCut ? "…" : "")));
            foreach (var piece in text.Chunk(size))
                splitter.Write(piece);
            splitter.Complete();
            Assert.That(lines, Is.EqualTo((string[])["one", "", "too long…", "three", "", "last"]));
        }
    }

    private async Task<(long Packages, bool IsSatisfied)> ReadAsync(string relation, CancellationToken cancellationToken)
    {
        var groups = RelationGroup.ParseList(relation);
        var matcher = new RelationMatcher(groups);
        var packages = await new ChrootPackageIndexes(_chroot.RunAsync).ReadAsync(matcher, cancellationToken);
        return (packages, matcher.IsSatisfied(groups[0]));
    }
}
