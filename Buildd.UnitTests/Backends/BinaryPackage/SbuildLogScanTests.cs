using System.Text;
using Buildd.Backends.BinaryPackage;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SbuildLogScanTests
{
    private const string Unmet = "The following packages have unmet dependencies:\n";

    private static IEnumerable<SbuildLog> Logs => SbuildLogs.All;

    [TestCase("depwait-missing", "no-such-package-dev")]
    [TestCase("depwait-missing-versioned", "no-such-package-dev (>= 1.0)")]
    [TestCase("depwait-too-new", "debhelper (>= 99)")]
    [TestCase("depwait-alternatives", "no-such-a | no-such-b")]
    [TestCase("depwait-conflict-false", "libcurl4-openssl-dev")]
    [TestCase("depwait-no-lists-unshare", "fakeroot")]
    [TestCase("install-deps-fetch-failed", "")]
    [TestCase("success-any-hello", "")]
    public void What_apt_names_is_found(string name, string named)
    {
        var scan = SbuildLogs.Scan(SbuildLogs.Read(name));

        Assert.That(string.Join(", ", scan.Named), Is.EqualTo(named));
        Assert.That(scan.FailedToInstallDependencies, Is.EqualTo(!name.StartsWith("success", StringComparison.Ordinal)));
    }

    [TestCaseSource(nameof(Logs))]
    public void It_does_not_matter_in_what_pieces_a_log_comes(SbuildLog recorded)
    {
        var log = SbuildLogs.Read(recorded.Name);
        var whole = SbuildLogs.Scan(log);

        foreach (var size in (int[])[1, 7, 1000])
        {
            var scan = SbuildLogs.Scan(log, size);
            Assert.That(string.Join(", ", scan.Named), Is.EqualTo(string.Join(", ", whole.Named)));
            Assert.That(scan.FailedToInstallDependencies, Is.EqualTo(whole.FailedToInstallDependencies));
            Assert.That(scan.HasUnauthenticatedPackages, Is.EqualTo(whole.HasUnauthenticatedPackages));
        }
    }

    [TestCase(Unmet + " x : Depends: a but it is not installable", "a")]
    [TestCase("I: " + Unmet + " x : Depends: a but it is not installable", "a", Description = "what precedes it does not matter")]
    [TestCase(Unmet + " x : Depends: a (>= 1) but 0.9 is to be installed\n     Depends: b but it is a virtual package", "a (>= 1), b")]
    [TestCase(Unmet + " x : PreDepends: a but it is not installable", "")]
    [TestCase(
        Unmet + " x : Depends: a but it is not installable or\n   b (= 1) but 2 is installed or\n  c:i386 but it is not installable\n x "
            + ": Depends: d but it is not installed", "a | b (= 1) | c, d")]
    [TestCase(Unmet + " x : Depends: a but it is not installable or\nE: something else\n  b but it is not installable", "")]
    [TestCase(Unmet + " x : Depends: sbuild-build-depends-core-dummy but it is not going to be installed", "")]
    [TestCase(Unmet + " x : Depends: $(rm) but it is not installable", "")]
    [TestCase(Unmet + " x : Depends:  but it is not installable", "")]
    [TestCase(Unmet + " x : Depends: a", "")]
    [TestCase(" x : Depends: a but it is not installable", "", Description = "outside of the list")]
    [TestCase(
        "Toolchain package versions: gcc\n" + Unmet + " x : Depends: a but it is not installable", "",
        Description = "written by the package")]
    public void A_line_names_a_relation(string log, string named) =>
        Assert.That(string.Join(", ", SbuildLogs.Scan(Encoding.UTF8.GetBytes(log + "\n")).Named), Is.EqualTo(named));

    [TestCase("Fail-Stage: install-deps\n", 0, true)]
    [TestCase("Fail-Stage: install-deps", 0, true)]
    [TestCase("Fail-Stage: install-deps-not\n", 0, false)]
    [TestCase(" Fail-Stage: install-deps\n", 0, false)]
    [TestCase("Fail-Stage: build\n", 0, false)]
    [TestCase("Fail-Stage: install-deps\n", SbuildLogScan.SummaryBytes - 25, true)]
    [TestCase("Fail-Stage: install-deps\n", SbuildLogScan.SummaryBytes - 24, false)]
    public void The_summary_is_looked_for_at_the_end(string line, int bytesBehind, bool isThere)
    {
        var log = Encoding.UTF8.GetBytes("before\n" + line + new string('x', bytesBehind));

        Assert.That(SbuildLogs.Scan(log).FailedToInstallDependencies, Is.EqualTo(isThere));
        Assert.That(SbuildLogs.Scan(log, pieceBytes: 5).FailedToInstallDependencies, Is.EqualTo(isThere));
    }

    [Test]
    public void Relations_beyond_a_limit_are_not_kept()
    {
        var scan = SbuildLogs.Scan(
            Encoding.UTF8.GetBytes(
                Unmet + string.Concat(Enumerable.Range(0, SbuildLogScan.MaxNamed + 10).Select(i => $" x : Depends: a{i} but no\n"))));

        Assert.That(scan.Named, Has.Count.EqualTo(SbuildLogScan.MaxNamed));
    }

    [TestCase("dh_auto_build: warning: a line of an ordinary build, of an ordinary length\n")]
    [TestCase("no line ends here ")]
    [TestCase(Unmet + "a line that could be one of a list of relations, and is none\n")]
    public void A_log_of_500_MB_is_read_in_constant_memory(string line)
    {
        var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, 64 * 1024 / line.Length)));
        var scan = new SbuildLogScan();
        var filter = new ImplicitPointerFilter(_ => { });
        scan.Write(piece);
        filter.Write(piece);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (long written = 0; written < 500_000_000; written += piece.Length)
        {
            scan.Write(piece);
            filter.Write(piece);
        }

        scan.Write("\nFail-Stage: install-deps\n"u8);
        scan.Complete();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(64 * 1024));
        Assert.That(scan.FailedToInstallDependencies);
    }
}
