using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Jobs;

/// <summary>The kinds in the box describe their builds by their specifications, and by nothing that people write or read.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class DescriptionTests
{
    private static readonly PackageSpecification Package = new()
    {
        Source = "hello",
        Version = "1:2.10-3",
        Series = "bookworm",
        ArchTag = "amd64",
        Files = [],
        Component = "contrib",
        BuildUrl = "http://farm/22",
        Requester = "Ada <ada@example.org>",
    };

    [TestCase("bookworm-proposed", "bookworm", "PROPOSED")]
    [TestCase("bookworm-backports", "bookworm", "BACKPORTS")]
    [TestCase("experimental", "experimental", "RELEASE")]
    [TestCase("bookworm-rebuilds", "bookworm-rebuilds", "RELEASE")]
    [TestCase(null, "bookworm", "RELEASE")]
    public async Task A_package_is_described_by_what_it_was_queued_with(string? suite, string series, string pocket)
    {
        var described = (await DescribeAsync(new PackageJobKind(), (Package with { Suite = suite }).ToBytes()))!;

        Assert.That(
            (described.Name, described.Version, described.Architecture, described.Component),
            Is.EqualTo(("hello", "1:2.10-3", "amd64", "contrib")));
        Assert.That((described.Series, described.Pocket, described.Suite), Is.EqualTo((series, pocket, suite ?? "bookworm")));
        Assert.That(described.BuildUrl, Is.EqualTo("http://farm/22"));
        Assert.That(described.Creators, Is.EqualTo(["Ada <ada@example.org>"]));
    }

    [Test]
    public async Task Its_binary_packages_are_described_and_unknown_where_an_earlier_version_has_queued_it()
    {
        var kind = new PackageJobKind();
        var json = Encoding.UTF8.GetString((Package with { Binaries = ["hello"] }).ToBytes().Span);
        var written = Encoding.UTF8.GetBytes(json[..^1] + """, "description": {"binaries": ["a"]}}""");

        Assert.That((await DescribeAsync(kind, (Package with { Binaries = ["hello", "hello-doc"] }).ToBytes()))!.Binaries,
            Is.EqualTo(["hello", "hello-doc"]));
        Assert.That((await DescribeAsync(kind, (Package with { Binaries = [] }).ToBytes()))!.Binaries, Is.Empty);
        Assert.That((await DescribeAsync(kind, Package.ToBytes()))!.Binaries, Is.Null);
        Assert.That((await DescribeAsync(kind, written))!.Binaries, Is.EqualTo(["a"]));
    }

    [Test]
    public async Task A_live_filesystem_is_described_by_what_it_was_queued_with()
    {
        var described = (await DescribeAsync(new LiveFsJobKind(), new LiveFsSpecification
        {
            Project = "desktop",
            Series = "bookworm",
            Pocket = "proposed",
            ArchTag = "amd64",
            DateStamp = "20260314",
            UniqueKey = "minimal",
            Requester = "Ada <ada@example.org>",
        }.ToBytes()))!;

        Assert.That(
            (described.Name, described.Version, described.Architecture, described.Suite),
            Is.EqualTo(("desktop", "20260314", "amd64", "bookworm-proposed")));
        Assert.That(described.Requester, Is.EqualTo("Ada <ada@example.org>"));
    }

    [Test]
    public async Task The_member_description_says_what_a_specification_has_no_member_for_and_wins()
    {
        var json = Encoding.UTF8.GetString(Package.ToBytes().Span)[..^1]
            + """, "description": {"version": "2", "purpose": "Ppa", "creators": ["a@b"], "creatorIsMember": true, "unknown": 1}}""";

        var described = (await DescribeAsync(new PackageJobKind(), Encoding.UTF8.GetBytes(json)))!;

        Assert.That(
            (described.Name, described.Version, described.Suite, described.Component), Is.EqualTo(("hello", "2", "bookworm", "contrib")));
        Assert.That((described.Purpose, described.CreatorIsMember, described.IsCopied), Is.EqualTo((ArchivePurpose.Ppa, true, false)));
        Assert.That(described.Creators, Is.EqualTo(["a@b"]));
        Assert.That(described.ArchiveOwners, Is.Empty);
    }

    [Test]
    public async Task The_member_description_alone_is_enough()
    {
        var specification = """ {"files": [], "description": {"name": "x", "series": "sid"}} """u8.ToArray();

        var described = (await DescribeAsync(new PackageJobKind(), specification))!;

        Assert.That((described.Name, described.Suite, described.Pocket), Is.EqualTo(("x", "sid", "RELEASE")));
        Assert.That(described.Version, Is.Null);
    }

    [TestCase("")]
    [TestCase("something else")]
    [TestCase("""{"other": 1}""")]
    [TestCase("""{"description": 5}""")]
    [TestCase("""{"description": null}""")]
    [TestCase("{ half")]
    [TestCase("[]")]
    public async Task Another_specification_is_no_description_whatever_the_title_says(string specification)
    {
        Assert.That(await DescribeAsync(new PackageJobKind(), Encoding.UTF8.GetBytes(specification)), Is.Null);
        Assert.That(await DescribeAsync(new LiveFsJobKind(), Encoding.UTF8.GetBytes(specification)), Is.Null);
    }

    private static Task<BuildDescription?> DescribeAsync(IJobKind kind, ReadOnlyMemory<byte> specification)
    {
        var build = new NewBuild { JobType = kind.JobType, Title = "amd64 build of other 7 in debian sid RELEASE" }.ToBuild(1, 1, default);
        return kind.DescribeAsync(build, specification, CancellationToken.None);
    }
}
