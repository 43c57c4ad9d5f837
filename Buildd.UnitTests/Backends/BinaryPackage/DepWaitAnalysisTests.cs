using System.Text;
using Buildd.Backends.BinaryPackage;
using Buildd.Debian.Architectures;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>How a package ends that sbuild gave back.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DepWaitAnalysisTests
{
    /// <summary>The part of Debian 12 that the recorded builds and the tests here ask for.</summary>
    private const string Bookworm =
        """
        Package: build-essential
        Version: 12.9

        Package: fakeroot
        Version: 1.31-1.2

        Package: debhelper
        Version: 13.11.4
        Provides: debhelper-compat (= 9), debhelper-compat (= 12), debhelper-compat (= 13), dh-sequence-single-binary (= 13.11.4)

        Package: zlib1g-dev
        Version: 1:1.2.13.dfsg-1
        Provides: libz-dev

        Package: libcurl4-gnutls-dev
        Version: 7.88.1-10+deb12u12

        Package: libcurl4-openssl-dev
        Version: 7.88.1-10+deb12u12

        Package: python3
        Version: 3.11.2-1+b1

        """;

    /// <summary>Where the answer is another than the reference's: status, dependencies, and why that is better.</summary>
    private static readonly Dictionary<string, (BuildStatus Status, string Dependencies, string Reason)> Better = new()
    {
        ["depwait-alternatives"] = (BuildStatus.DepFail, "no-such-a | no-such-b",
            "both alternatives are in no index: it waits for either, though apt words alternatives over two lines"),
        ["depwait-conflict-false"] = (BuildStatus.PackageFail, "",
            "both packages are in the indexes and conflict: waiting for a package that is there would never end"),
        ["depwait-no-lists-false"] = (BuildStatus.ChrootFail, "",
            "there is no index at all: the chroot is not in order, and nothing is known of the package"),
        ["depwait-no-lists-unshare"] = (BuildStatus.ChrootFail, "",
            "the same, with the lines out of order"),
    };

    private readonly ScriptedChroot _chroot = new() { Index = Bookworm };

    /// <summary>Of a build that was aborted the slave knows so itself.</summary>
    private static IEnumerable<SbuildLog> Others => SbuildLogs.All
        .Where(log => log.ExitCode != SbuildExitCode.GivenBack && !log.Classic.StartsWith("ABORTED", StringComparison.Ordinal));

    private static IEnumerable<SbuildLog> GivenBack => SbuildLogs.All.Where(log => log.ExitCode == SbuildExitCode.GivenBack);

    [TestCaseSource(nameof(GivenBack))]
    public async Task A_recorded_build_that_was_given_back_ends_as_in_the_reference_or_better(
        SbuildLog recorded, CancellationToken cancellationToken)
    {
        var log = SbuildLogs.Read(recorded.Name);
        if (recorded.Name.Contains("no-lists", StringComparison.Ordinal))
            _chroot.Index = _chroot.Targets = "";

        var verdict = await JudgeAsync(SbuildLogs.Scan(log), DependsOf(log), cancellationToken);

        if (Better.TryGetValue(recorded.Name, out var better))
        {
            Assert.That((verdict.Status, verdict.Dependencies), Is.EqualTo((better.Status, better.Dependencies)), better.Reason);
            Assert.That(IsClassic(recorded, verdict), Is.False, "the table holds differences only");
        }
        else
        {
            Assert.That(IsClassic(recorded, verdict), $"{recorded.Classic}, and not {verdict}");
        }
    }

    [TestCaseSource(nameof(Others))]
    public void Another_exit_code_tells_the_status_alone(SbuildLog recorded) =>
        Assert.That(StatusNames[SbuildExitCode.ToStatus(recorded.ExitCode)], Is.EqualTo(recorded.Classic.Split(' ')[0]));

    [Test]
    public void Every_difference_has_its_log() =>
        Assert.That(Better.Keys, Is.SubsetOf(GivenBack.Select(log => log.Name)));

    [TestCase(
        "debhelper-compat (= 13), no-a, python3, no-b (>= 2), no-c", "no-a, no-b (>= 2), no-c", Description = "apt names one of them")]
    [TestCase("debhelper (>= 13~), debhelper-compat (= 13), zlib1g-dev (>= 1:1.2), libz-dev", null)]
    [TestCase("debhelper-compat (= 14)", "debhelper-compat (= 14)")]
    [TestCase("dh-sequence-single-binary (>= 13)", null, Description = "provided with a version")]
    [TestCase("libz-dev (>= 1)", "libz-dev (>= 1)", Description = "provided without one")]
    [TestCase("no-a | python3", null)]
    [TestCase("no-a (>= 1) | no-b:any | python3 (>= 4)", "no-a (>= 1) | no-b | python3 (>= 4)")]
    [TestCase("python3:any (>= 3.12), no-a:native", "python3 (>= 3.12), no-a", Description = "qualifiers are left out")]
    [TestCase("no-a [i386], no-b [!amd64], no-c [linux-any], no-d [any-arm64], no-e [!any-i386]", "no-c, no-e")]
    [TestCase("no-a <cross>, no-b <!nocheck>, no-c <stage1> <!cross>, no-d <!nocheck pkg.x.y>", "no-b, no-c")]
    [TestCase("no-a [i386] | no-b", "no-b", Description = "what is for another architecture satisfies nothing")]
    [TestCase("no-a [i386] | no-b <cross>", null)]
    [TestCase("no-a, no-a, no-a (>= 1)", "no-a, no-a (>= 1)")]
    public async Task The_indexes_tell_what_is_missing(string buildDepends, string? missing, CancellationToken cancellationToken)
    {
        var verdict = await JudgeAsync(SbuildLogs.Scan(SbuildLogs.Read("depwait-conflict-false")), buildDepends, cancellationToken);

        Assert.That(
            (verdict.Status, verdict.Dependencies),
            Is.EqualTo((missing is null ? BuildStatus.PackageFail : BuildStatus.DepFail, missing ?? "")));
    }

    [TestCase(true, "arch, indep, both")]
    [TestCase(false, "arch, both")]
    public async Task Dependencies_of_architecture_independent_packages_count_when_those_are_built(
        bool archIndep, string names, CancellationToken cancellationToken)
    {
        var verdict = await JudgeAsync(
            SbuildLogs.Scan(SbuildLogs.Read("depwait-missing")[..^1]), "both\nBuild-Depends-Arch: arch\nBuild-Depends-Indep: indep",
            cancellationToken, archIndep);

        // Last comes what apt named: it is in no index either.
        Assert.That(verdict.Dependencies.Split(", "), Is.EquivalentTo((string[])[.. names.Split(", "), "no-such-package-dev"]));
    }

    [Test]
    public async Task What_a_dependency_itself_lacks_is_waited_for(CancellationToken cancellationToken)
    {
        // The package is there, in a version that needs what has not been built yet.
        var log = Unmet(
            " sbuild-build-depends-main-dummy : Depends: zlib1g-dev but it is not going to be installed",
            " zlib1g-dev : Depends: zlib1g (= 1:1.2.13.dfsg-1) but 1:1.2.12-1 is to be installed",
            "              Depends: debhelper but it is not going to be installed");

        var verdict = await JudgeAsync(log, "zlib1g-dev", cancellationToken);

        Assert.That((verdict.Status, verdict.Dependencies), Is.EqualTo((BuildStatus.DepFail, "zlib1g (= 1:1.2.13.dfsg-1)")));
    }

    [Test]
    public async Task Another_wording_of_apt_changes_nothing(CancellationToken cancellationToken)
    {
        var log = SbuildLogs.Scan(
            Encoding.UTF8.GetBytes(
                "Error: Unable to satisfy dependencies. Reached two conflicting assignments:\nFail-Stage: install-deps\n"));

        Assert.That((await JudgeAsync(log, "no-a", cancellationToken)).Dependencies, Is.EqualTo("no-a"));
        Assert.That((await JudgeAsync(log, "python3", cancellationToken)).Status, Is.EqualTo(BuildStatus.PackageFail));
    }

    [Test]
    public async Task Packages_without_a_signature_are_given_back(CancellationToken cancellationToken)
    {
        var log = SbuildLogs.Scan("E: There are problems and -y was used without --force-yes\n"u8.ToArray());

        Assert.That((await JudgeAsync(log, "no-a", cancellationToken)).Status, Is.EqualTo(BuildStatus.GivenBack));
        Assert.That(_chroot.Ran, Is.Empty);
    }

    [Test]
    public async Task What_was_given_back_for_another_reason_has_failed(CancellationToken cancellationToken)
    {
        var verdict = await JudgeAsync(SbuildLogs.Scan("Fail-Stage: build\n"u8.ToArray()), "no-a", cancellationToken);

        Assert.That(verdict.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_chroot.Ran, Is.Empty);
    }

    [TestCase("no-a (>= ", "In the relations")]
    [TestCase("${misc:Depends}", "In the relations")]
    [TestCase("a\nBuild-Depends: b", "a second time")]
    public async Task A_dsc_that_can_not_be_read_fails_the_package_and_says_why(
        string buildDepends, string why, CancellationToken cancellationToken) =>
        AssertFailed(await JudgeAsync(Unmet(" x : Depends: y but it is not installable"), buildDepends, cancellationToken), why);

    [Test]
    public async Task A_dsc_that_is_gone_fails_the_package_and_says_why(CancellationToken cancellationToken) =>
        AssertFailed(
            await Analysis().JudgeAsync(
                Unmet(" x : Depends: y but it is not installable"), "/not/there.dsc", "amd64", false, cancellationToken), "/not/there.dsc");

    [Test]
    public async Task Indexes_that_can_not_be_read_fail_the_package_and_say_why(CancellationToken cancellationToken)
    {
        (_chroot.HelperExitCode, _chroot.PlainExitCode) = (100, 1);

        AssertFailed(await JudgeAsync(Unmet(" x : Depends: y but it is not installable"), "no-a", cancellationToken), "exit code 1");
    }

    [Test]
    public async Task A_chroot_that_hangs_fails_the_package_and_an_abort_is_passed_on()
    {
        _chroot.Hangs = true;
        using var folder = new TemporaryDirectory();
        var time = new ManualTimeProvider();
        var log = Unmet(" x : Depends: y but it is not installable");
        var dsc = WriteDsc(folder, "no-a");

        var judging = new DepWaitAnalysis(_chroot.RunAsync, ArchitectureTable.BuiltIn, time).JudgeAsync(log, dsc, "amd64", false, default);
        await Until.TrueAsync(() => _chroot.Ran.Count > 0);
        time.Advance(DepWaitAnalysis.Deadline);
        AssertFailed(await judging, "within 10 minutes");

        using var abort = new CancellationTokenSource();
        judging = Analysis().JudgeAsync(log, dsc, "amd64", false, abort.Token);
        await abort.CancelAsync();
        Assert.That(async () => await judging, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task More_dependencies_than_a_reply_should_hold_are_left_out(CancellationToken cancellationToken)
    {
        var names = Enumerable.Range(0, 9000).Select(i => $"no-such-package-{i:0000}").ToList();

        var verdict =
            await JudgeAsync(SbuildLogs.Scan("Fail-Stage: install-deps\n"u8.ToArray()), string.Join(",\n ", names), cancellationToken);

        Assert.That(verdict.Dependencies, Has.Length.LessThanOrEqualTo(DepWaitAnalysis.MaxDependenciesLength));
        var kept = verdict.Dependencies.Split(", ");
        Assert.That(kept, Is.EqualTo(names.Take(kept.Length)));
        Assert.That(verdict.Reason, Does.EndWith($", and {names.Count - kept.Length} more"));
    }

    private static readonly Dictionary<BuildStatus, string> StatusNames = new()
    {
        [BuildStatus.Ok] = "OK",
        [BuildStatus.PackageFail] = "PACKAGEFAIL",
        [BuildStatus.DepFail] = "DEPFAIL",
        [BuildStatus.ChrootFail] = "CHROOTFAIL",
        [BuildStatus.GivenBack] = "GIVENBACK",
        [BuildStatus.BuilderFail] = "BUILDERFAIL",
    };

    private static bool IsClassic(SbuildLog recorded, DepWaitVerdict verdict) =>
        recorded.Classic.Split("then ")[^1] is var classic
        && (
            verdict.Dependencies.Length > 0 ? classic == $"{StatusNames[verdict.Status]} {verdict.Dependencies}" : classic.Split(
                ' ')[0] == StatusNames[verdict.Status]);

    /// <summary>The build dependencies as the log shows them, but for those that sbuild adds.</summary>
    private static string DependsOf(byte[] log)
    {
        const string Mark = "Merged Build-Depends: ";
        var line = Encoding.UTF8.GetString(log).Split('\n').Single(line => line.StartsWith(Mark, StringComparison.Ordinal));
        return line[Mark.Length..].Replace("build-essential, fakeroot", "", StringComparison.Ordinal);
    }

    private static SbuildLogScan Unmet(params string[] lines) => SbuildLogs.Scan(Encoding.UTF8.GetBytes(
        $"The following packages have unmet dependencies:\n{string.Join('\n', lines)}\nE: Unable to correct problems\nFail-Stage: "
            + "install-deps\n"));

    private static void AssertFailed(DepWaitVerdict verdict, string why) => Assert.Multiple(() =>
    {
        Assert.That(verdict.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(verdict.Reason, Does.StartWith("Failed to analyse dep-wait: ").And.Contain(why));
        Assert.That(verdict.Dependencies, Is.Empty);
    });

    private static string WriteDsc(TemporaryDirectory folder, string buildDepends)
    {
        File.WriteAllText(folder["x.dsc"],
            $"Format: 3.0 (native)\nSource: fx\nVersion: 1.0\nArchitecture: any\nBuild-Depends: {buildDepends}\nFiles:\n "
                + $"{new string('0', 32)} 1 fx_1.0.tar.xz\n");
        return folder["x.dsc"];
    }

    private async Task<DepWaitVerdict> JudgeAsync(
        SbuildLogScan log, string buildDepends, CancellationToken cancellationToken, bool archIndep = false)
    {
        using var folder = new TemporaryDirectory();
        return await Analysis().JudgeAsync(log, WriteDsc(folder, buildDepends), "amd64", archIndep, cancellationToken);
    }

    private DepWaitAnalysis Analysis() => new(_chroot.RunAsync, ArchitectureTable.BuiltIn, TimeProvider.System);
}
