using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

[Parallelizable(ParallelScope.All)]
public sealed class BuildDescriptionTests
{
    private const string Title = "amd64 build of hello 2.10-3 in debian bookworm PROPOSED";

    [Test]
    public async Task A_title_says_what_is_needed()
    {
        var description = await DescribeAsync("", Title);

        Assert.That(
            (description.Architecture, description.Name, description.Version, description.Series, description.Pocket, description.Suite),
            Is.EqualTo(("amd64", "hello", "2.10-3", "bookworm", "PROPOSED", "bookworm-proposed")));
    }

    [TestCase("amd64 build of server in debian bookworm RELEASE", "server")]
    [TestCase("amd64 build of server (daily) in debian bookworm RELEASE", "server")]
    public async Task A_live_filesystem_s_title_too(string title, string name)
    {
        var description = await DescribeAsync("", title, "LIVEFSBUILD");

        Assert.That((description.Architecture, description.Name, description.Version, description.Suite), Is.EqualTo(("amd64", name, (string?)null, "bookworm")));
    }

    [TestCase("")]
    [TestCase("something else")]
    [TestCase("{\"other\": 1}")]
    [TestCase("{\"description\": 5}")]
    [TestCase("{ half")]
    [TestCase("[]")]
    public async Task Another_title_and_another_specification_say_nothing(string specification)
    {
        var description = await DescribeAsync(specification, "hello again");

        Assert.That((description.Architecture, description.Name, description.Version, description.Suite), Is.EqualTo(("arm64", "subject", (string?)null, (string?)null)));
    }

    [Test]
    public async Task A_specification_can_say_all_of_it_and_what_it_leaves_out_has_its_default()
    {
        var description = await DescribeAsync(
            """ {"files": [], "description": {"name": "x", "series": "sid", "purpose": "Ppa", "creators": ["a@b"], "creatorIsMember": true, "unknown": 1}} """, Title);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((description.Name, description.Version, description.Suite, description.Pocket), Is.EqualTo(("x", (string?)null, "sid", "RELEASE")));
            Assert.That((description.Purpose, description.CreatorIsMember, description.IsCopied), Is.EqualTo((ArchivePurpose.Ppa, true, false)));
            Assert.That(description.Creators, Is.EqualTo(new[] { "a@b" }));
            Assert.That(description.ArchiveOwners, Is.Empty);
        }
    }

    private static async Task<BuildDescription> DescribeAsync(string specification, string title, string jobType = "PACKAGEBUILD")
    {
        var builds = new InMemoryBuilds();
        var added = await builds.AddAsync([new NewBuild
        {
            JobType = jobType,
            Title = title,
            Subject = "subject",
            Processor = "arm64",
            Specification = Encoding.UTF8.GetBytes(specification),
        }]);
        return await new RecordedDescriptions(builds).DescribeAsync(added.Single());
    }
}
