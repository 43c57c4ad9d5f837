using System.Text;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol;
using Buildd.Protocol.XmlRpc;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Jobs;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LiveFsJobKindTests
{
    private static readonly LiveFsSpecification Desktop =
        new() { Project = "desktop", Series = "bookworm", ArchTag = "amd64", ConfigBranch = "https://git.example/config" };

    private static readonly Builder Bob =
        new() { Name = "bob", Url = new Uri("http://bob/"), Revision = 1, Processors = ["amd64"] };

    private readonly IInputSource _inputs = Substitute.For<IInputSource>();
    private readonly LiveFsJobKind _kind = new();

    public LiveFsJobKindTests() => _inputs.FindChrootAsync("bookworm", "amd64")
        .Returns(new InputFile { Name = "chroot.tar.gz", Sha1 = Sha1.Parse(new string('a', 40)), Url = "http://farm/chroot" });

    [Test]
    public async Task A_slave_is_told_what_the_specification_says()
    {
        var prepared = await PrepareAsync(Desktop.ToBytes());

        var job = ((Ready)prepared).Job;
        Assert.That(
            (job.Cookie.ToString(), job.BuilderTag, job.Chroot.Name, job.Files.Count),
            Is.EqualTo(("LIVEFSBUILD-7", "livefs", "chroot.tar.gz", 0)));
        Assert.That(((XmlRpcString)job.Arguments["project"]).Value, Is.EqualTo("desktop"));
        Assert.That(((XmlRpcString)job.Arguments["config_branch"]).Value, Is.EqualTo("https://git.example/config"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_is_said_of_the_builder_is_the_builder_s(bool virtualized)
    {
        var specification = Desktop with
        {
            FastCleanup = !virtualized,
            BuilderConstraints = ["asked-for"],
            Others = new XmlRpcStruct { ["fast_cleanup"] = true },
        };
        var build = Made(Desktop) with { Resources = ["gpu-nvidia"] };

        var prepared = await _kind.PrepareAsync(
            new Dispatching(build, specification.ToBytes(), Bob with { Virtualized = virtualized }, _inputs), default);

        var arguments = ((Ready)prepared).Job.Arguments;
        Assert.That(arguments.ContainsKey("fast_cleanup"), Is.EqualTo(virtualized));
        Assert.That(
            ((XmlRpcArray)arguments["builder_constraints"]).Select(word => ((XmlRpcString)word).Value), Is.EqualTo(new[] { "gpu-nvidia" }));
    }

    [Test]
    public async Task Without_a_chroot_it_waits() =>
        Assert.That(
            await PrepareAsync(
                (Desktop with { ArchTag = "arm64" }).ToBytes()), Is.EqualTo(new NotNow("Missing chroot for bookworm arm64.")));

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("not json")]
    [TestCase("""{"project": "x", "series": "bookworm", "arch_tag": "amd64", "others": {"a": 1.5}}""")]
    [TestCase("""{"project": "x", "series": "bookworm", "arch_tag": "amd64", "others": {"a": [null]}}""")]
    public async Task What_can_not_be_read_fails(string specification) =>
        Assert.That(
            await PrepareAsync(Encoding.UTF8.GetBytes(specification)), Is.InstanceOf<Rejected>().With.Property(nameof(Rejected.State))
                .EqualTo(BuildState.FailedToBuild));

    [Test]
    public async Task What_is_null_means_the_default()
    {
        var prepared = await PrepareAsync("""{"project": "x", "series": "bookworm", "arch_tag": "amd64", "lb_options": null, "environment": null, "others": null, "archives": null}"""u8.ToArray());

        Assert.That(prepared, Is.InstanceOf<Ready>());
    }

    [TestCase(null, "buildlog_debian_bookworm_amd64_desktop_FULLYBUILT.txt")]
    [TestCase("minimal", "buildlog_debian_bookworm_amd64_minimal_desktop_FULLYBUILT.txt")]
    [TestCase("a/b", "buildlog.txt")]
    public void The_log_has_Launchpads_name(string? key, string name)
    {
        var specification = Desktop with { UniqueKey = key };

        Assert.That(_kind.LogName(Made(specification), specification.ToBytes(), BuildState.FullyBuilt), Is.EqualTo(name));
        Assert.That(_kind.LogName(Made(specification), "garbage"u8.ToArray(), BuildState.FullyBuilt), Is.EqualTo("buildlog.txt"));
    }

    [Test]
    public void Whatever_is_in_a_specification_is_read_again()
    {
        var specification = Desktop with
        {
            LbOptions = ["--x"],
            Environment = new Dictionary<string, string> { ["A"] = "b" },
            Others = new XmlRpcStruct { ["extra"] = new XmlRpcStruct { ["a"] = new XmlRpcArray([1, "b", true]) } },
            Requester = "ada@example.org",
        };

        var read = LiveFsSpecification.FromBytes(specification.ToBytes());

        Assert.That(read.ToBytes().ToArray(), Is.EqualTo(specification.ToBytes().ToArray()));
        Assert.That(((XmlRpcArray)((XmlRpcStruct)read.Others["extra"])["a"]).Count, Is.EqualTo(3));
    }

    private Task<Preparation> PrepareAsync(ReadOnlyMemory<byte> specification) => _kind.PrepareAsync(
        new Dispatching(
            Made(Desktop), specification, Bob, _inputs), default);

    private static Build Made(LiveFsSpecification specification) => specification.ToNewBuild().ToBuild(7, 1, DateTimeOffset.UnixEpoch);
}
