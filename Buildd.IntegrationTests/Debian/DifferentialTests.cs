using Buildd.Debian.Versions;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Debian;

/// <summary>
/// Our readers beside Debian's tools, on inputs made at random: what a tool reads we read alike, what it refuses we refuse. Where that is
/// not so, a table beside the comparison says why. A sample has the same seed each time; BUILDD_SEED gives another.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[CancelAfter(300_000)]
public sealed class DifferentialTests
{
    private const int Seed = 1;
    private const int FullFactor = 10;

    /// <summary>Where the good key, one of Ed25519, says how long the number in it is.</summary>
    private const int LengthOfFirstNumber = 18;

    private const string Md5 = "0123456789abcdef0123456789abcdef";

    private const string Signed = "-----BEGIN PGP SIGNED MESSAGE-----\n\n";
    private const string Signature = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
    private const string Dsc = "Format: 1.0\nSource: hello\nVersion: 1\nArchitecture: any\nFiles:\n " + Md5 + " 1 hello.tar.gz\n";
    private const string Changes = "Source: hello\nVersion: 1\nArchitecture: any\nDistribution: sid\nFiles:\n " + Md5
        + " 1 misc optional a.deb\n";

    /// <summary>What a random input is too seldom: these are compared each time.</summary>
    private static readonly string[] Stanzas = ["A: 1\nnonsense\n", "A\u00e4: 1\n", "A: \0\n", "A: 1\nB-: 2\n"];

    private static readonly string[] SourcePackages =
    [
        Dsc, Dsc + "B-: 2\n",
        Signed + Dsc + Signature + "-- \nfooter\n", Dsc + "\n-- \nfooter\n", Dsc + "nonsense\n", Dsc + "A\u00e4: 1\n", Dsc + "A: \0\n",
        Signed + Dsc + Signature + Signed + Dsc + Signature, Dsc.Replace("Format: 1.0\n", "", StringComparison.Ordinal),
        Dsc + $" {Md5} 1 hello.tar.gz\n", Dsc.Replace("hello", "Hello", StringComparison.Ordinal),
        Dsc.Replace("Source: hello", "Source: hello\n hello", StringComparison.Ordinal),
        Dsc.Replace("1.0", "9.0", StringComparison.Ordinal),
    ];

    private static readonly string[] Uploads =
    [
        Changes, Changes + "B-: 2\n", Changes + "nonsense\n", Changes + "A\u00e4: 1\n", Changes + "A: \0\n",
        Signed + Changes + Signature + Signed + Changes + Signature,
        Changes.Replace("Distribution: sid\n", "", StringComparison.Ordinal), Changes + $" {Md5} 1 misc optional a.deb\n",
        Changes.Replace("hello", "Hello", StringComparison.Ordinal),
        Changes.Replace("Version: 1", "Version:\n 1", StringComparison.Ordinal),
        Changes + "\nSecond: paragraph\n", Changes + "\n continuation\n", Changes.Replace(Md5, "x", StringComparison.Ordinal),
        Changes.Replace("a.deb", "a%.deb", StringComparison.Ordinal) + $"Checksums-Sha1:\n {Md5}01234567 1 a%.deb\n",
    ];

    [SetUp]
    public void RequireTools()
    {
        foreach (var file in (string[])["/usr/share/perl5/Dpkg/Control.pm", "/usr/bin/apt-get", "/usr/bin/gpg"])
            Machine.Require(File.Exists(file), $"{file}: run 'make test', which installs it");
    }

    [Test]
    [Category(LongRun.Category)]
    public Task Stanzas_are_read_as_dpkg_reads_them(CancellationToken cancellationToken) =>
        CompareWithDpkgAsync(
            "stanzas", 3000, Stanzas, random => new OddControlFiles(random).Stanzas, ControlComparison.ReadStanzas,
            ControlComparison.Stanzas, cancellationToken);

    [Test]
    [Category(LongRun.Category)]
    public Task Source_packages_are_read_as_dpkg_source_reads_them(CancellationToken cancellationToken) =>
        CompareWithDpkgAsync(
            "dsc", 1500, SourcePackages, random => new OddControlFiles(random).Dsc, ControlComparison.ReadDsc, ControlComparison.Dsc,
            cancellationToken);

    [Test]
    [Category(LongRun.Category)]
    public Task Uploads_are_read_as_dpkg_reads_them(CancellationToken cancellationToken) =>
        CompareWithDpkgAsync(
            "changes", 2000, Uploads, random => new OddControlFiles(random).Changes, ControlComparison.ReadChanges,
            ControlComparison.Changes, cancellationToken);

    [Test]
    [Category(LongRun.Category)]
    public Task Relations_are_read_as_dpkg_reads_them(CancellationToken cancellationToken) =>
        CompareWithDpkgAsync(
            "relations", 4000, ["a (= 1_)", "a <;>", "a |", "a <!b><!c>"], random => new OddRelations(random).List,
            RelationComparison.ReadList, RelationComparison.Lists, cancellationToken);

    [Test]
    [Category(LongRun.Category)]
    public async Task Versions_are_read_as_dpkg_reads_them(CancellationToken cancellationToken)
    {
        var meant = await CompareWithDpkgAsync(
            "versions", 3000, ["1:", "a1", "1\0:1"], random => new OddRelations(random).Version, RelationComparison.ReadVersion,
            RelationComparison.Versions, cancellationToken);

        var refused = meant.Where(RelationComparison.MalformedVersion.Covers).Select(input => input.Text)
            .Where(text => text.All(c => c is > ' ' and <= '~') && text.Length < DebianVersion.MaxLength);
        Assert.That(await VersionJudge.AcceptAsync(refused, cancellationToken), Is.Empty, RelationComparison.MalformedVersion.Reason);
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Lines_of_a_sources_list_are_read_as_apt_reads_them(CancellationToken cancellationToken)
    {
        string[] known =
        [
            "deb http://h.example/ x y # z", "# deb", "", "deb http://h.example/%7e x y", "deb [colour=red] http://h.example/ x y",
            "deb [Arch=i386] http://h.example/ x y", "deb http://h.example/ x \"\"", "deb http://h.example/ x y \"z",
            "deb [a.b=c] http://h.example/ x y", "deb h_x:/h.example x y", "deb http://h.example/ x y\u0001",
        ];
        using var run = LongRun.Begin("lines of a sources.list", 1500, 1500 * FullFactor, Seed);
        var inputs = Inputs(run, known, random => new OddArchiveLines(random).Line);
        var theirs = await AptReader.ReadAsync(inputs, "list", cancellationToken);

        var ours = await ArchiveLineComparison.ReadAsync(inputs, cancellationToken);
        Differences.Check(run, inputs, ours, theirs, ArchiveLineComparison.Lines);
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Keys_are_read_as_gpg_reads_them(CancellationToken cancellationToken)
    {
        var armoured = await File.ReadAllTextAsync(Cases.PathOf("key-empty-armour-header", "key.asc"), cancellationToken);
        var base64 = string.Concat(armoured.Split('\n').Where(line => line.Length > 5 && !line.Contains(':', StringComparison.Ordinal)
            && !line.StartsWith('-')));
        var key = Convert.FromBase64String(base64);
        string[] known =
        [
            armoured, $"-----BEGIN PGP PUBLIC KEY BLOCK-----\n{base64}\n-----END PGP PUBLIC KEY BLOCK-----\n",
            System.Text.Encoding.Latin1.GetString(key.AsSpan(0, 60)),
            $"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{base64.TrimEnd('=')}\n-----END PGP PUBLIC KEY BLOCK-----\n",
            System.Text.Encoding.Latin1.GetString([.. key.AsSpan(0, LengthOfFirstNumber), 0x7F, .. key.AsSpan(LengthOfFirstNumber + 1)]),
        ];
        using var run = LongRun.Begin("keys", 700, 700 * FullFactor, Seed);
        var inputs = Inputs(run, known, random => new OddKeys(random, key).File);
        var theirs = await GpgReader.ReadAsync(inputs, cancellationToken);

        Differences.Check(run, inputs, [.. inputs.Select(KeyComparison.Read)], theirs, KeyComparison.Files);
    }

    private static async Task<IReadOnlyList<OddInput>> CompareWithDpkgAsync(
        string kind, int sample, IEnumerable<string> known, Func<Random, Func<string>> generator, Func<string, Reading> read,
        IReadOnlyList<Disagreement> table, CancellationToken cancellationToken)
    {
        using var run = LongRun.Begin(kind, sample, sample * FullFactor, Seed);
        var inputs = Inputs(run, known, generator);
        var theirs = await DpkgReader.ReadAsync(kind, inputs, cancellationToken);
        return Differences.Check(run, inputs, [.. inputs.Select(read)], theirs, table);
    }

    private static List<string> Inputs(LongRun run, IEnumerable<string> known, Func<Random, Func<string>> generator)
    {
        var make = generator(run.Random);
        return [.. known, .. Enumerable.Range(0, run.Rounds).Select(_ => make())];
    }
}
