using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Messages;

/// <summary>Calls and replies of the reference, read into messages and written back: nothing may get lost.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordedMessagesTests
{
    private const string UnknownSum =
        "CHROOTSUM -> 0000000000000000000000000000000000000000\n            ***** INFO *****\n            No URL\n"
        + "            ****************\n            ";

    [TestCase("info", typeof(InfoCall))]
    [TestCase("status-idle", typeof(StatusCall))]
    [TestCase("echo-many", typeof(EchoCall))]
    [TestCase("echo-mixed", typeof(EchoCall))]
    [TestCase("abort-building", typeof(AbortCall))]
    [TestCase("clean-waiting", typeof(CleanCall))]
    [TestCase("proxy-info-snap", typeof(ProxyInfoCall))]
    [TestCase("ensurepresent-download", typeof(EnsurePresentCall))]
    [TestCase("ensurepresent-basic-auth", typeof(EnsurePresentCall))]
    [TestCase("build-ok", typeof(BuildCall))]
    [TestCase("build-unknown-chroot", typeof(BuildCall))]
    public void Call_comes_back_as_it_was(string name, Type type)
    {
        var bytes = WireCase.Get(name).RequestBody;

        var call = SlaveCall.FromXmlRpc(Codec.ReadCall(bytes));

        Assert.That(call, Is.TypeOf(type));
        Assert.That(Codec.Text(Codec.WriteCall(call.ToXmlRpc())), Is.EqualTo(Codec.Text(bytes)));
    }

    [TestCaseSource(nameof(StatusCases))]
    public void Status_comes_back_as_it_was(WireCase wireCase)
    {
        var bytes = wireCase.ResponseBody;

        var reply = StatusReply.FromXmlRpc(Codec.ReadResponse(bytes));

        Assert.That(Codec.Text(Codec.WriteResponse(reply.ToXmlRpc())), Is.EqualTo(Codec.Text(bytes)));
    }

    [Test]
    public void Build_is_understood()
    {
        var call = (BuildCall)Call("build-ok");

        Assert.That(call.BuildId, Is.EqualTo("PACKAGEBUILD-1"));
        Assert.That(call.Builder, Is.EqualTo(WireNames.Managers.BinaryPackage));
        Assert.That(call.ChrootSha1, Is.EqualTo("c1d80674d731fd6af61ded171202b8424147b17b"));
        Assert.That(call.FileMap.Keys, Is.EqualTo(["hello_1.0-1.dsc", "hello_1.0.orig.tar.gz"]));
        Assert.That(Codec.Describe(call.Arguments[WireNames.ArgumentNames.Series]), Is.EqualTo("'noble'"));
    }

    [TestCase("build-nil-id")]
    [TestCase("build-int-id")]
    [TestCase("build-empty-id")]
    public void Build_id_that_is_no_text_is_left_for_the_slave_to_refuse(string name) =>
        Assert.That(((BuildCall)Call(name)).BuildId, Is.Empty);

    [TestCase("build-args-array", "the arguments should be a struct and is an array.")]
    [TestCase("build-filemap-array", "the file map should be a struct and is an array.")]
    [TestCase("ensurepresent-wrong-types", "the sum should be a string and is an integer.")]
    [TestCase("ensurepresent-url-int", "the URL should be a string and is an integer.")]
    [TestCase("fault-ensurepresent-too-few", "ensurepresent takes 4 arguments, or 2, and was given 1.")]
    [TestCase("fault-status-extra-arg", "status takes 0 arguments and was given 1.")]
    public void Call_is_refused(string name, string message) => Assert.That(
        Assert.Throws<MessageFormatException>(() => Call(name))?.Message, Is.EqualTo(message));

    [Test]
    public void Ensurepresent_with_nil_is_understood()
    {
        var call = (EnsurePresentCall)Call("ensurepresent-nil-url");

        Assert.That((call.Url, call.UserName, call.Password), Is.EqualTo(((string?)null, "", "")));
    }

    [TestCase("ensurepresent-download", true, "Download")]
    [TestCase("ensurepresent-cached", true, "Cache")]
    [TestCase("ensurepresent-nil-url", false, "No URL")]
    [TestCase("ensurepresent-mismatch", false, "Digests did not match, removing again!")]
    [TestCase("ensurepresent-404", false, "Error accessing Librarian: HTTP Error 404: Not Found")]
    public void Ensurepresent_s_answer_goes_both_ways(string name, bool present, string info)
    {
        var reply = new EnsurePresentReply(present, info);

        Assert.That(EnsurePresentReply.FromXmlRpc(Answer(name)), Is.EqualTo(reply));
        AssertWritten(name, reply.ToXmlRpc());
    }

    [TestCase("build-ok", BuildAnswer.Building, "PACKAGEBUILD-1")]
    [TestCase("build-unknown-chroot", BuildAnswer.UnknownSum, UnknownSum)]
    [TestCase(
        "build-unknown-manager",
        BuildAnswer.UnknownBuilder,
        "nosuchmanager not in ['binarypackage', 'sourcepackagerecipe', 'translation-templates', 'livefs', 'snap', 'oci', "
        + "'charm', 'ci', 'rock', 'craft']")]
    public void Build_s_answer_goes_both_ways(string name, BuildAnswer answer, string text)
    {
        var reply = new BuildReply(answer, text);

        Assert.That(BuildReply.FromXmlRpc(Answer(name)), Is.EqualTo(reply));
        AssertWritten(name, reply.ToXmlRpc());
    }

    [TestCase("abort-building", BuilderStatus.Aborting)]
    [TestCase("clean-waiting", BuilderStatus.Idle)]
    public void Status_word_goes_both_ways(string name, BuilderStatus status)
    {
        Assert.That(BuilderStatusReply.FromXmlRpc(Answer(name)), Is.EqualTo(new BuilderStatusReply(status)));
        AssertWritten(name, new BuilderStatusReply(status).ToXmlRpc());
    }

    [TestCase("proxy-info-snap", null, "http://127.0.0.1:8000/tokens/user")]
    [TestCase("proxy-info-waiting", true, "http://127.0.0.1:8000/tokens/user")]
    [TestCase("proxy-info-snap-no-revocation", null, null)]
    public void Proxy_info_goes_both_ways(string name, bool? useFetchService, string? endpoint)
    {
        var reply = new ProxyInfoReply(useFetchService, endpoint);

        Assert.That(ProxyInfoReply.FromXmlRpc(Answer(name)), Is.EqualTo(reply));
        AssertWritten(name, reply.ToXmlRpc());
    }

    [Test]
    public void Info_goes_both_ways()
    {
        var reply = InfoReply.FromXmlRpc(Answer("info"));

        Assert.That((reply.ProtocolVersion, reply.ArchitectureTag), Is.EqualTo(("1.0", "amd64")));
        Assert.That(reply.BuilderTags, Has.Count.EqualTo(10).And.Contains("translation-templates"));
        AssertWritten("info", reply.ToXmlRpc());
    }

    [TestCase("status-idle", BuilderStatus.Idle, null)]
    [TestCase("status-building-extra", BuilderStatus.Building, null)]
    [TestCase("status-aborting", BuilderStatus.Aborting, null)]
    [TestCase("status-waiting-ok", BuilderStatus.Waiting, BuildStatus.Ok)]
    [TestCase("status-waiting-depfail-analysed", BuilderStatus.Waiting, BuildStatus.DepFail)]
    [TestCase("status-waiting-packagefail", BuilderStatus.Waiting, BuildStatus.PackageFail)]
    [TestCase("status-waiting-givenback", BuilderStatus.Waiting, BuildStatus.GivenBack)]
    [TestCase("status-waiting-chrootfail-unpack", BuilderStatus.Waiting, BuildStatus.ChrootFail)]
    [TestCase("status-waiting-builderfail", BuilderStatus.Waiting, BuildStatus.BuilderFail)]
    [TestCase("status-waiting-aborted", BuilderStatus.Waiting, BuildStatus.Aborted)]
    public void Status_words_are_understood(string name, BuilderStatus status, BuildStatus? buildStatus)
    {
        var reply = StatusReply.FromXmlRpc(Answer(name));

        Assert.That((reply.Status, reply.BuildStatus), Is.EqualTo((status, buildStatus)));
        Assert.That(reply.BuildId is null, Is.EqualTo(status == BuilderStatus.Idle));
        Assert.That(reply.LogTail is null, Is.EqualTo(status != BuilderStatus.Building));
        Assert.That(
            reply.FileMap is null,
            Is.EqualTo(buildStatus is not (BuildStatus.Ok or BuildStatus.DepFail or BuildStatus.PackageFail)));
        Assert.That(reply.Dependencies is null, Is.EqualTo(reply.FileMap is null));
    }

    [Test]
    public void Extra_members_are_kept_in_order()
    {
        var reply = StatusReply.FromXmlRpc(Answer("status-building-extra"));

        Assert.That(reply.Extra.Keys, Is.EqualTo([WireNames.Members.RevisionId, "extra"]));
    }

    /// <summary>All but the one where the reference couldn't write its answer.</summary>
    private static IEnumerable<WireCase> StatusCases() => WireCase.All.Where(wireCase =>
        wireCase.Name.StartsWith("status-", StringComparison.Ordinal) && wireCase.Name != "status-building-extra-overflow");

    private static SlaveCall Call(string name) => SlaveCall.FromXmlRpc(Codec.ReadCall(WireCase.Get(name).RequestBody));

    private static XmlRpcValue Answer(string name) => Codec.ReadResponse(WireCase.Get(name).ResponseBody);

    private static void AssertWritten(string name, XmlRpcValue value) => Assert.That(
        Codec.Text(Codec.WriteResponse(value)), Is.EqualTo(Codec.Text(WireCase.Get(name).ResponseBody)));
}
