using System.Text;
using Buildd.Farm.Uploads;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Uploads;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FarmDescriptionsTests
{
    private readonly InMemoryBuilds _builds = new();

    [TestCase("bookworm-proposed", "bookworm", "PROPOSED")]
    [TestCase("bookworm-backports", "bookworm", "BACKPORTS")]
    [TestCase("experimental", "experimental", "RELEASE")]
    [TestCase("bookworm-rebuilds", "bookworm-rebuilds", "RELEASE")]
    [TestCase(null, "bookworm", "RELEASE")]
    public async Task A_package_is_described_by_what_it_was_queued_with(string? suite, string series, string pocket)
    {
        var described = await DescribeAsync(new PackageSpecification
        {
            Source = "hello",
            Version = "1:2.10-3",
            Series = "bookworm",
            Suite = suite,
            ArchTag = "amd64",
            Files = [],
            Component = "contrib",
            Requester = "Ada <ada@example.org>",
        }.ToNewBuild());

        Assert.That((described.Name, described.Version, described.Architecture, described.Component), Is.EqualTo(("hello", "1:2.10-3", "amd64", "contrib")));
        Assert.That((described.Series, described.Pocket, described.Suite), Is.EqualTo((series, pocket, suite ?? "bookworm")));
        Assert.That(described.Creators, Is.EqualTo(new[] { "Ada <ada@example.org>" }));
    }

    [Test]
    public async Task A_live_filesystem_is_described_by_what_it_was_queued_with()
    {
        var described = await DescribeAsync(new LiveFsSpecification
        {
            Project = "desktop",
            Series = "bookworm",
            ArchTag = "amd64",
            DateStamp = "20260314",
            UniqueKey = "minimal",
            Requester = "Ada <ada@example.org>",
        }.ToNewBuild());

        Assert.That((described.Name, described.Version, described.Architecture, described.Suite), Is.EqualTo(("desktop", "20260314", "amd64", "bookworm")));
        Assert.That(described.Requester, Is.EqualTo("Ada <ada@example.org>"));
    }

    [TestCase("")]
    [TestCase("garbage")]
    public async Task Another_programs_specification_leaves_what_the_title_says(string specification)
    {
        var described = await DescribeAsync(new NewBuild
        {
            JobType = "PACKAGEBUILD",
            Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE",
            Specification = Encoding.UTF8.GetBytes(specification),
        });

        Assert.That((described.Name, described.Suite, described.Creators.Count), Is.EqualTo(("hello", "bookworm", 0)));
    }

    private async Task<BuildDescription> DescribeAsync(NewBuild build) =>
        await new FarmDescriptions(_builds).DescribeAsync((await _builds.AddAsync([build])).Single());
}
