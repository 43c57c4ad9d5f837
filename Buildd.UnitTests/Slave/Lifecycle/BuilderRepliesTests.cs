using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>Answers that depend on the kind of build: the shape of the log's tail, and <c>proxy_info</c>.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderRepliesTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();

    private static IEnumerable<TestCaseData> ArchivePrivate =>
    [
        new(null, false),
        new(XmlRpcNil.Instance, false),
        new((XmlRpcValue)false, false),
        new((XmlRpcValue)0, false),
        new((XmlRpcValue)true, true),
        new((XmlRpcValue)1, true),
        new((XmlRpcValue)"yes", true),
    ];

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [TestCaseSource(nameof(ArchivePrivate))]
    public async Task The_tail_of_a_private_archive_s_build_has_a_shape_of_its_own(XmlRpcValue? value, bool isPrivate)
    {
        Assert.That(await ReadTailAsync(value), Is.EqualTo(isPrivate ? "two\nthree" : "one\rtwo\nthree\n"));
    }

    [Test]
    public async Task So_has_the_tail_of_a_backend_whose_logs_are_always_private()
    {
        _slave.Backend.HasPrivateLog = true;

        Assert.That(await ReadTailAsync(archivePrivate: false), Is.EqualTo("two\nthree"));
    }

    [Test]
    public void A_backend_has_no_private_logs_unless_it_says_so() =>
        Assert.That(((IBuildBackend)new PlainBackend()).HasPrivateLog, Is.False);

    [Test]
    public void Without_a_build_there_is_no_proxy_to_tell_of() => RequireNoProxyInfo();

    [Test]
    public async Task A_kind_of_build_that_knows_no_proxy_tells_of_none()
    {
        Assert.That(((IBuild)new PlainBuild()).ProxyInfo, Is.Null, "the default");

        await _slave.RunAsync();

        RequireNoProxyInfo();
    }

    [Test]
    public async Task The_proxy_is_told_from_the_start_of_the_build_until_clean()
    {
        var reply = new ProxyInfoReply(null, "http://tokens.test/1");
        _slave.Backend.ProxyInfo = reply;
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        await _slave.StartAsync();
        var ended = _slave.Logger.NextAsync(" ended: ");

        Assert.That(_slave.Builder.ProxyInfo(), Is.EqualTo(reply), "building");
        _slave.Builder.Abort();
        await ended.WaitAsync(SlaveBench.Deadline);
        Assert.That(_slave.Builder.ProxyInfo(), Is.EqualTo(reply), "waiting");

        _slave.Builder.Clean();
        RequireNoProxyInfo();
    }

    [Test]
    public async Task A_result_s_name_may_have_folders_in_it()
    {
        await _slave.RunAsync(async context =>
        {
            var path = Path.Combine(context.Directory, "made");
            await File.WriteAllTextAsync(path, "one");
            await context.AddResultAsync(path, "build:0/one.txt", CancellationToken.None);
        });

        Assert.That(_slave.Builder.Status().FileMap!.Keys, Is.EqualTo(new[] { "build:0/one.txt" }));
    }

    [Test]
    public async Task A_member_that_can_not_be_sent_is_dropped_with_what_it_stood_for_before()
    {
        await _slave.RunAsync(context =>
        {
            context.SetStatusMember("first", 1);
            context.SetStatusMember("second", 2);
            context.SetStatusMember("first", 1L << 40);
            context.SetStatusMember("third", "\0");
            context.SetStatusMember("filemap", "a lie");
            return Task.CompletedTask;
        });

        Assert.That(_slave.Builder.Status().Extra.Keys, Is.EqualTo(new[] { "second" }));
        Assert.That(_slave.Logger.Entries.Count(entry => entry.Message.Contains("can't be sent", StringComparison.Ordinal)), Is.EqualTo(3));
        await _slave.Builder.DisposeAsync();
        await using var after = _slave.Create(_slave.Options);
        Assert.That(after.Status().Extra.Keys, Is.EqualTo(new[] { "second" }), "a slave that comes after it");
    }

    private async Task<string> ReadTailAsync(XmlRpcValue? archivePrivate)
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var arguments = new Dictionary<string, XmlRpcValue>();
        if (archivePrivate is not null)
            arguments["archive_private"] = archivePrivate;
        _slave.Builder.Start(_slave.Call() with { Arguments = new XmlRpcStruct(arguments) });
        var context = await _slave.Backend.Started.WaitAsync(SlaveBench.Deadline);
        context.Log.Write("one\rtwo\nthree\n"u8);
        return Encoding.UTF8.GetString(_slave.Builder.Status().LogTail!.Value.Span);
    }

    private void RequireNoProxyInfo() => Assert.That(() => _slave.Builder.ProxyInfo(), Throws.TypeOf<RefusedException>());

    private sealed class PlainBackend : IBuildBackend
    {
        public string Tag => "plain";

        public IBuild Prepare(BuildRequest request) => new PlainBuild();
    }

    private sealed class PlainBuild : IBuild
    {
        public Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort) =>
            Task.FromResult(new BuildOutcome(BuildStatus.Ok));
    }
}
