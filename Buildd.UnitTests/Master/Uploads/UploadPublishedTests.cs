using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Packages;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>The owners of packages that an archive has already.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class UploadPublishedTests : UploadProcessorFixture
{
    private const string OfAnother =
        "\"hello_2.10-3_amd64.deb\" is of the package hello, which the source \"greeter\" has published in bookworm: "
        + "hello may not replace it unless the administrator allows it (Takeovers).";

    private const string NotWrittenDown =
        "\"hello_2.10-3_amd64.deb\" is of the package hello, and which packages hello builds was not written down when the build was "
        + "queued: nobody knows whether it is one of them, so queue the build again.";

    [TestCase("amd64")]
    [TestCase("arm64")]
    [TestCase("all")]
    public async Task What_another_source_has_published_is_rejected_for_any_architecture_and_version(string architecture) =>
        Assert.That(
            await FindAsync([("bookworm", new("hello", "greeter", "1", architecture))]), Is.EqualTo(new[] { OfAnother }));

    [Test]
    public async Task What_the_source_itself_has_published_is_replaced() =>
        Assert.That(await FindAsync([("bookworm", new("hello", "hello", "2.10-2", "amd64"))]), Is.Empty);

    [Test]
    public async Task A_name_that_two_sources_have_is_rejected_too() =>
        Assert.That(
            await FindAsync([
                ("bookworm", new("hello", "hello", "2.10-2", "amd64")), ("bookworm", new("hello", "greeter", "1", "arm64")),
            ]),
            Is.EqualTo(new[] { OfAnother }));

    [TestCase("bookworm-security")]
    [TestCase("bookworm-updates")]
    [TestCase("bookworm-proposed")]
    [TestCase("bookworm-backports")]
    public async Task It_is_looked_for_in_all_suites_of_the_series(string suite) =>
        Assert.That(
            await FindAsync([(suite, new("hello", "greeter", "1", "amd64"))]),
            Is.EqualTo(new[] { OfAnother.Replace("in bookworm", $"in {suite}", StringComparison.Ordinal) }));

    [Test]
    public async Task Newer_versions_of_its_own_count_in_its_own_suite_only() =>
        Assert.That(await FindAsync([("bookworm-backports", new("hello", "hello", "3", "amd64"))]), Is.Empty);

    [Test]
    public async Task Another_series_has_its_own_packages() =>
        Assert.That(await FindAsync([("trixie", new("hello", "greeter", "1", "amd64"))]), Is.Empty);

    [TestCase("hello", "hello", true)]
    [TestCase("hel*", "h?llo", true)]
    [TestCase("*", "*", true)]
    [TestCase("hello", "greeter", false)]
    [TestCase("hello-*", "hello", false)]
    [TestCase("HELLO", "hello", false)]
    public async Task The_administrator_can_allow_it(string package, string source, bool isAllowed)
    {
        var policy = new UploadPolicy { Takeovers = [new PackageTakeover("other", "hello"), new PackageTakeover(package, source)] };

        Assert.That(
            await FindAsync([("bookworm", new("hello", "greeter", "1", "amd64"))], policy: policy),
            Is.EqualTo(isAllowed ? [] : new[] { OfAnother }));
    }

    [Test]
    public async Task A_copy_archive_asks_whose_they_are_and_not_how_old()
    {
        var copy = Hello with { Specification = Described("""{"purpose": "Copy"}""") };

        Assert.That(await FindAsync([("bookworm", new("hello", "hello", "9", "amd64"))], copy), Is.Empty);
        Assert.That(await FindAsync([("bookworm", new("hello", "greeter", "9", "amd64"))], copy), Is.EqualTo(new[] { OfAnother }));
    }

    [Test]
    public async Task Of_a_build_whose_packages_nobody_wrote_down_only_what_the_source_has_published_is_accepted()
    {
        var old = Hello with { Specification = (PackageSpecification.FromBytes(Hello.Specification) with { Binaries = null }).ToBytes() };

        Assert.That(await FindAsync([("bookworm", new("hello", "hello", "2.10-2", "arm64"))], old), Is.Empty);
        Assert.That(await FindAsync([], old), Is.EqualTo(new[] { NotWrittenDown }));
        Assert.That(await FindAsync([("bookworm", new("hello", "greeter", "1", "amd64"))], old), Is.EqualTo(new[] { OfAnother }));
    }

    [Test]
    public async Task An_archive_of_folders_knows_whose_its_packages_are_and_takes_older_ones()
    {
        var first = await UploadingAsync(Version("2.10-4"));
        UploadLeaf.MakeGood(Incoming(first), "2.10-4");
        var older = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(older));
        var other = await UploadingAsync(Other("bookworm"));
        Greeter(Incoming(other));
        var proposed = await UploadingAsync(Other("bookworm-proposed"));
        Greeter(Incoming(proposed));
        var elsewhere = await UploadingAsync(Other("bookworm") with { Distribution = "derivative" });
        Greeter(Incoming(elsewhere));

        var processed = await _processor.RunAsync(new UploadRun());

        Assert.That(processed.Select(one => one.Outcome), Is.EqualTo(new[]
        {
            UploadOutcome.Accepted, UploadOutcome.Accepted, UploadOutcome.Rejected, UploadOutcome.Rejected, UploadOutcome.Accepted,
        }));
        Assert.That(
            processed[2].Findings.Single().Text, Does.Contain("is of the package hello, which the source \"hello\" has published in"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_folder_that_no_longer_says_whose_its_packages_are_fails_the_upload(bool isGone)
    {
        UploadLeaf.MakeGood(Incoming(await UploadingAsync()));
        await _processor.RunAsync(new UploadRun());
        var changes = _folder[$"archive/debian/bookworm/PACKAGEBUILD-1/{UploadLeaf.ChangesName}"];
        if (isGone)
            File.Delete(changes);
        else
            await File.WriteAllTextAsync(changes, "?");
        Directory.Delete(_folder["archive/.packages"], recursive: true); // or the index would know
        UploadLeaf.MakeGood(Incoming(await UploadingAsync()));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That(processed.Reason, Does.Contain("nobody knows whose packages"));
    }

    private static ReadOnlyMemory<byte> Described(string description) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Hello.Specification.Span)[..^1] + $", \"description\": {description}}}");

    private static NewBuild Version(string version) =>
        Hello with { Specification = (PackageSpecification.FromBytes(Hello.Specification) with { Version = version }).ToBytes() };

    private static NewBuild Other(string suite) => (PackageSpecification.FromBytes(Hello.Specification) with
    {
        Source = "greeter",
        Version = "9",
        Suite = suite,
        Binaries = ["greeter", "hello"],
    }).ToNewBuild();

    private static void Greeter(string path)
    {
        var leaf = UploadLeaf.Make(path);
        leaf.AddDeb("hello_99_amd64.deb", DebFile.ControlOf("hello", "99", "amd64", "Source: greeter (9)\n"));
        (leaf.Fields["Source"], leaf.Fields["Version"]) = ("greeter", "9");
        leaf.WriteChanges("greeter_9_amd64.changes");
    }

    /// <summary>Everything that is wrong with a good upload of hello, where an archive has some packages.</summary>
    private async Task<IEnumerable<string>> FindAsync(
        IReadOnlyList<(string Suite, PublishedBinary Binary)> published, NewBuild? added = null, UploadPolicy? policy = null)
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync("debian", Arg.Any<string>(), Arg.Any<IReadOnlyCollection<string>>(), Arg.Any<CancellationToken>())
            .Returns(call => [.. published.Where(one => one.Suite == call.ArgAt<string>(1)).Select(one => one.Binary)]);
        var build = await UploadingAsync(added);
        UploadLeaf.MakeGood(Incoming(build));
        return (await Processor(archive, policy: policy).RunAsync(new UploadRun())).Single().Findings.Select(finding => finding.Text);
    }
}
