using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Mail;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.UnitTests.Master.Mail;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>A kind of job of another program is one class; dispatch, uploads and mail treat it like those in the box.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class ThirdKindTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new() { Kinds = [new ChecksumsKind()] };
    private readonly RecordingTransport _mail = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task It_is_dispatched_with_its_own_words_and_its_results_are_uploaded()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ =>
        {
            slave.Log("summing up\n");
            slave.End(BuildStatus.Ok, ("SHA256SUMS", "the sums"));
        };
        var build = await QueueAsync();
        build = await _farm.UntilAsync(build, BuildState.Uploading);

        var processed = (await Processor().RunAsync(new UploadRun())).Single();

        Assert.That((slave.LastBuild!.BuildId, slave.LastBuild.Builder), Is.EqualTo(("CHECKSUMS-1", "checksums")));
        Assert.That(slave.LastBuild.FileMap.Keys, Is.EqualTo(["input"]));
        Assert.That(build.LogName, Is.EqualTo("checksums.txt.gz"));
        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.FullyBuilt));
        var archived = Path.Combine(_farm.Root, "archive", "debian", "sid", "CHECKSUMS-1", "SHA256SUMS");
        Assert.That(await File.ReadAllTextAsync(archived), Is.EqualTo("the sums"));
    }

    [Test]
    public async Task Its_uploads_are_checked_and_who_asked_for_it_gets_mail()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.Ok, ("SHA256SUMS", "the sums"));
        var build = await QueueAsync();
        build = await _farm.UntilAsync(build, BuildState.Uploading);
        File.CreateSymbolicLink(Path.Combine(_farm.Root, "incoming", build.Leaf!, "1", "debian", "link"), "/etc/passwd");

        var processed = (await Processor().RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Rejected));
        Assert.That(_mail.Sent.Single().To.Address, Is.EqualTo("rita@example.org"));
        Assert.That(_mail.Sent.Single().Subject, Does.EndWith("the checksums of a file"));
    }

    [Test]
    public async Task A_build_that_fails_is_mailed_to_who_asked_for_it()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.PackageFail);
        var build = await _farm.UntilAsync(await QueueAsync(), BuildState.FailedToBuild);

        await Notifier().BuildFailedAsync(build);

        Assert.That(_mail.Sent.Single().To.Address, Is.EqualTo("rita@example.org"));
        Assert.That(_mail.Sent.Single().Body, Does.Contain("http://files.example/a"));
    }

    private async Task<Build> QueueAsync()
    {
        var added = new NewBuild
        {
            JobType = ChecksumsKind.Name,
            Manager = "checksums",
            Title = "the checksums of a file",
            Specification = Encoding.UTF8.GetBytes("http://files.example/a Rita <rita@example.org>"),
        };
        var build = (await _farm.Builds.AddAsync([added])).Single();
        _farm.Start();
        return build;
    }

    private MailNotifier Notifier() => new(MailBench.Options, _mail, _farm.Builds, _farm.Kinds);

    private UploadProcessor Processor() => new(
        new UploadProcessorOptions { Root = _farm.Root },
        _farm.Builds,
        new DirectoryArchive(Path.Combine(_farm.Root, "archive")),
        _farm.Kinds,
        Notifier());

    /// <summary>The whole kind. Its specification is an address and a requester.</summary>
    private sealed class ChecksumsKind : IJobKind
    {
        public const string Name = "CHECKSUMS";

        public string JobType => Name;

        public LeafContent LeafContent => LeafContent.Files;

        public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
        {
            var input = Replies.Input("input") with { Url = Read(dispatch.Specification).Url };
            return Task.FromResult<Preparation>(new Ready(new BuildJob
            {
                Cookie = dispatch.Build.Cookie,
                BuilderTag = dispatch.Build.Manager,
                Chroot = input,
                Files = [input],
                Arguments = new XmlRpcStruct(),
            }));
        }

        public Task<BuildDescription?> DescribeAsync(
            Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken)
        {
            var (url, requester) = Read(specification);
            return Task.FromResult<BuildDescription?>(new BuildDescription { Name = url, Series = "sid", Requester = requester });
        }

        public string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state) => "checksums.txt";

        private static (string Url, string Requester) Read(ReadOnlyMemory<byte> specification) =>
            Encoding.UTF8.GetString(specification.Span).Split(' ', 2) is [var url, var requester]
                ? (url, requester)
                : throw new FormatException("The specification is not an address and a person.");
    }
}
