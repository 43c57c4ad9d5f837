using System.Text;
using Buildd.Debian.Architectures;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Architectures;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ArchitectureTableTests
{
    /// <summary>Reads lines of a wildcard and architectures, and writes those of them that it means.</summary>
    private const string Judge =
        "use Dpkg::Arch qw(debarch_is); while (<STDIN>) { chomp; my ($w, @a) = split / /; print join(' ', $w, grep { debarch_is($_, $w) "
            + "} @a), \"\\n\" }";

    private static readonly string[] Debian =
        ["amd64", "arm64", "armel", "armhf", "i386", "mips64el", "ppc64el", "riscv64", "s390x", "x32", "hurd-i386", "kfreebsd-amd64",
            "musl-linux-arm64"];

    [TestCase("amd64", "amd64", true)]
    [TestCase("amd64", "any", true)]
    [TestCase("amd64", "linux-any", true)]
    [TestCase("amd64", "any-amd64", true)]
    [TestCase("amd64", "linux-amd64", true)]
    [TestCase("amd64", "gnu-any-any", true)]
    [TestCase("amd64", "any-any-any-any", true)]
    [TestCase("amd64", "any-any-any-any-any", false)]
    [TestCase("amd64", "i386", false)]
    [TestCase("amd64", "any-i386", false)]
    [TestCase("amd64", "musl-any-any", false)]
    [TestCase("armhf", "any-arm", true)]
    [TestCase("armhf", "eabihf-any-any-any", true)]
    [TestCase("armel", "eabihf-any-any-any", false)]
    [TestCase("armhf", "arm", false)]
    [TestCase("x32", "any-amd64", true)]
    [TestCase("hurd-i386", "linux-any", false)]
    [TestCase("hurd-i386", "hurd-any", true)]
    [TestCase("hurd-i386", "any-i386", true)]
    [TestCase("kfreebsd-amd64", "kfreebsd-any", true)]
    [TestCase("musl-linux-arm64", "musl-linux-any", true)]
    [TestCase("all", "any", true)]
    [TestCase("all", "linux-any", false)]
    [TestCase("of-nobody", "linux-any", false)]
    [TestCase("of-nobody", "of-nobody", true)]
    [TestCase("amd64", "", false)]
    [TestCase("amd64", "-any", false)]
    public void A_wildcard_means_some_architectures(string architecture, string wildcard, bool matches) => Assert.Multiple(() =>
    {
        Assert.That(ArchitectureTable.BuiltIn.Matches(architecture, wildcard), Is.EqualTo(matches), "built in");
        Assert.That(ArchitectureTable.Load().Matches(architecture, wildcard), Is.EqualTo(matches), "this machine's");
    });

    [Test]
    [CancelAfter(120_000)]
    public async Task Every_wildcard_and_every_architecture_match_as_in_dpkg(CancellationToken cancellationToken)
    {
        Machine.Require(File.Exists("/usr/share/perl5/Dpkg/Arch.pm"), "the package libdpkg-perl");
        var table = ArchitectureTable.Load();
        var architectures = (await ProcessRunner.CaptureAsync(Command.Of("dpkg-architecture", "-L"), cancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(table.Architectures, Is.EquivalentTo(architectures));

        // Every part that a tuple has, and any, in all places; and each architecture's name, with the kernel too.
        string[] abis = ["any", "base", "eabi", "eabihf", "abi64", "abin32", "ilp32", "spe", "x32"];
        string[] libraries = ["any", "gnu", "musl", "uclibc", "bsd", "sysv", "tos"];
        string[] kernels = ["any", "linux", "kfreebsd", "hurd", "uclinux", "freebsd", "darwin", "mint"];
        string[] processors = ["any", "amd64", "arm", "arm64", "i386", "mips64el", "powerpc", "m68k", "armhf"];
        var tuples =
            from abi in abis
            from library in libraries
            from kernel in kernels
            from processor in processors
            select (abi, library, kernel, processor);
        var wildcards = tuples
            .SelectMany(t => (string[])[
                $"{t.abi}-{t.library}-{t.kernel}-{t.processor}", $"{t.library}-{t.kernel}-{t.processor}", $"{t.kernel}-{t.processor}",
                t.processor])
            .Concat(architectures).Concat(architectures.Select(name => $"linux-{name}")).Concat(architectures.Select(name => $"any-{name}"))
            .Distinct().ToList();

        await AssertAsDpkgAsync(
            table, wildcards, architectures.Where((_, i) => i % 12 == 0).Concat(Debian).Distinct().ToArray(), cancellationToken);
        await AssertAsDpkgAsync(table, wildcards.Where((_, i) => i % 12 == 0).ToList(), architectures, cancellationToken);
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task What_is_built_in_agrees_with_dpkg(CancellationToken cancellationToken)
    {
        Machine.Require(File.Exists("/usr/share/perl5/Dpkg/Arch.pm"), "the package libdpkg-perl");
        var known = ArchitectureTable.BuiltIn.Architectures.ToArray();
        Assert.That(known, Is.SupersetOf(Debian));
        string[] wildcards =
        [
            "any",
            "linux-any",
            "any-amd64",
            "any-arm",
            "any-i386",
            "hurd-any",
            "kfreebsd-any",
            "gnu-any-any",
            "musl-any-any",
            "eabihf-any-any-any",
            .. known,
        ];

        await AssertAsDpkgAsync(ArchitectureTable.BuiltIn, wildcards, known, cancellationToken);
    }

    [Test]
    public void A_machine_without_usable_tables_has_what_is_built_in()
    {
        using var folder = new TemporaryDirectory();
        Assert.That(ArchitectureTable.Load(folder["not-there"]), Is.SameAs(ArchitectureTable.BuiltIn));

        File.WriteAllText(folder["cputable"], "# nothing\n\n");
        File.WriteAllText(folder["tupletable"], "one-column\nthree-parts-only x\n");
        Assert.That(ArchitectureTable.Load(folder.Path), Is.SameAs(ArchitectureTable.BuiltIn));

        File.WriteAllText(folder["tupletable"], "base-gnu-linux-amd64 amd64\n");
        Assert.That(ArchitectureTable.Load(folder.Path).Architectures, Is.EqualTo((string[])["amd64"]));

        using (var file = File.OpenWrite(folder["tupletable"]))
            file.SetLength(ArchitectureTable.MaxTableBytes + 1);
        Assert.That(ArchitectureTable.Load(folder.Path), Is.SameAs(ArchitectureTable.BuiltIn));
    }

    private static async Task AssertAsDpkgAsync(
        ArchitectureTable table, IReadOnlyList<string> wildcards, string[] architectures, CancellationToken cancellationToken)
    {
        var questions = string.Concat(wildcards.Select(wildcard => $"{wildcard} {string.Join(' ', architectures)}\n"));
        var answers = await ProcessRunner.CaptureAsync(
            Command.Of("perl", "-e", Judge) with { StandardInput = Encoding.ASCII.GetBytes(questions) }, cancellationToken);

        var ours = wildcards.Select(
            wildcard => string.Join(' ', architectures.Where(name => table.Matches(name, wildcard)).Prepend(wildcard))).ToList();
        Assert.That(answers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(ours), Is.Empty, "dpkg's answers that are not ours");
        Assert.That(ours, Has.Some.Contain(" "), "some match");
    }
}
