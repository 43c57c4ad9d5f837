using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Messages;

/// <summary>The answer to status of slaves and masters up to 2013.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class StatusTupleTests
{
    private static readonly XmlRpcStruct Files = new() { ["a.deb"] = "0123456789012345678901234567890123456789" };

    private static readonly byte[] Tail = "make: done\n"u8.ToArray();

    private static IEnumerable<TestCaseData> Forms =>
    [
        Form(new() { Status = BuilderStatus.Idle }, "BuilderStatus.IDLE", ""),
        Form(
            new() { Status = BuilderStatus.Building, BuildId = "1-2", LogTail = Tail }, "BuilderStatus.BUILDING", "1-2",
            new XmlRpcBase64(Tail)),
        Form(new() { Status = BuilderStatus.Aborting, BuildId = "1-2" }, "BuilderStatus.ABORTING", "1-2"),
        Form(Waiting(BuildStatus.Aborted), "BuilderStatus.ABORTED", "1-2"),
        Form(
            Waiting(BuildStatus.Ok) with { FileMap = Map, Dependencies = "" }, "BuilderStatus.WAITING", "BuildStatus.OK", "1-2", Files, ""),
        Form(
            Waiting(BuildStatus.PackageFail) with { FileMap = Map, Dependencies = "" }, "BuilderStatus.WAITING", "BuildStatus.PACKAGEFAIL",
            "1-2", Files, ""),
        Form(
            Waiting(BuildStatus.DepFail) with { FileMap = Map, Dependencies = "libfoo-dev (>= 1)" }, "BuilderStatus.WAITING",
            "BuildStatus.DEPFAIL", "1-2", Files, "libfoo-dev (>= 1)"),
        Form(Waiting(BuildStatus.GivenBack), "BuilderStatus.WAITING", "BuildStatus.GIVENBACK", "1-2"),
        Form(Waiting(BuildStatus.ChrootFail), "BuilderStatus.WAITING", "BuildStatus.CHROOTFAIL", "1-2"),
        Form(Waiting(BuildStatus.BuilderFail), "BuilderStatus.WAITING", "BuildStatus.BUILDERFAIL", "1-2"),
    ];

    private static OrderedDictionary<string, string> Map => new() { ["a.deb"] = "0123456789012345678901234567890123456789" };

    [TestCaseSource(nameof(Forms))]
    public void Each_status_is_written_as_an_array_and_read_from_it(StatusReply reply, XmlRpcArray tuple)
    {
        Assert.That(Text(reply.ToXmlRpcTuple()), Is.EqualTo(Text(tuple)));
        Assert.That(Text(StatusReply.FromXmlRpc(tuple).ToXmlRpc()), Is.EqualTo(Text(reply.ToXmlRpc())));
    }

    [Test]
    public void What_has_no_place_in_it_is_left_out() => Assert.That(
        Text((new StatusReply { Status = BuilderStatus.Idle, BuilderVersion = "1", Extra = new XmlRpcStruct { ["jobs"] = 1 } })
            .ToXmlRpcTuple()),
        Is.EqualTo(Text(new XmlRpcArray(["BuilderStatus.IDLE", ""]))));

    [Test]
    public void What_comes_after_the_known_items_is_passed_over() => Assert.That(
        StatusReply.FromXmlRpc(new XmlRpcArray(["BuilderStatus.IDLE", "", "something newer"])).Status, Is.EqualTo(BuilderStatus.Idle));

    [TestCase("the answer to status should have 2 items and has 1.", "BuilderStatus.BUILDING")]
    [TestCase("builder_status is 'BuilderStatus.ASLEEP', which is no such word.", "BuilderStatus.ASLEEP")]
    [TestCase("build_status is 'OK', which is no such word.", "BuilderStatus.WAITING", "OK", "1-2")]
    public void What_is_no_status_says_so(string message, params string[] items) => Assert.That(
        () => StatusReply.FromXmlRpc(new XmlRpcArray(items.Select(item => (XmlRpcValue)item).ToList())),
        Throws.TypeOf<MessageFormatException>().With.Message.EqualTo(message));

    [TestCase("status", false)]
    [TestCase("status_dict", true)]
    public void The_name_tells_whether_the_struct_is_wanted_in_any_case(string name, bool wantsStruct)
    {
        var call = (StatusCall)SlaveCall.FromXmlRpc(new XmlRpcCall(name, []));

        Assert.That(call.WantsStruct, Is.EqualTo(wantsStruct));
        Assert.That(call.ToXmlRpc().MethodName, Is.EqualTo(name));
    }

    private static StatusReply Waiting(BuildStatus status) =>
        new() { Status = BuilderStatus.Waiting, BuildStatus = status, BuildId = "1-2" };

    private static TestCaseData Form(StatusReply reply, params XmlRpcValue[] items) =>
        new TestCaseData(reply, new XmlRpcArray(items)).SetArgDisplayNames($"{reply.Status}", $"{reply.BuildStatus}");

    private static string Text(XmlRpcValue value)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(output, value);
        return System.Text.Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
