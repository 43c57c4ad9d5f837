using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using FsCheck.Fluent;
using NUnit.Framework;
using static Buildd.UnitTests.Testing.Properties;

namespace Buildd.UnitTests.Protocol.Messages;

/// <summary>What is taken beyond what the reference sends, what is not, and what is never sent.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RelaxedMessagesTests
{
    private static readonly (string Name, Func<object> Read, string Message)[] Refused =
    [
        (
            "info of two",
            () => InfoReply.FromXmlRpc(Array("1.0", "amd64")),
            "the answer to info should have 3 items and has 2."),
        ("info as text", () => InfoReply.FromXmlRpc("x"), "the answer to info should be an array and is a string."),
        (
            "info with text for tags",
            () => InfoReply.FromXmlRpc(Array("1.0", "amd64", "x")),
            "the builders' tags should be an array and is a string."),
        (
            "info with a number for a tag",
            () => InfoReply.FromXmlRpc(Array("1.0", "amd64", Array(1))),
            "a builder's tag should be a string and is an integer."),
        (
            "status as array",
            () => StatusReply.FromXmlRpc(Array()),
            "the answer to status should be a struct and is an array."),
        (
            "status without status",
            () => StatusReply.FromXmlRpc(new XmlRpcStruct()),
            "builder_status should be a string and is nil."),
        (
            "status unknown",
            () => Status(("builder_status", "BuilderStatus.idle")),
            "builder_status is 'BuilderStatus.idle', which is no such word."),
        ("build status unknown", () => Status(("build_status", "OK")), "build_status is 'OK', which is no such word."),
        ("build id as boolean", () => Status(("build_id", true)), "build_id should be a string and is a boolean."),
        ("log as number", () => Status(("logtail", 1.5)), "logtail should be base64 and is a double."),
        (
            "file map as date",
            () => Status(("filemap", new XmlRpcDateTime("x"))),
            "filemap should be a struct and is a date."),
        (
            "file map of data",
            () => Status(("filemap", new XmlRpcStruct { ["a"] = new byte[1] })),
            "each member of filemap should be a string and is base64."),
        (
            "presence as text",
            () => EnsurePresentReply.FromXmlRpc(Array("true", "x")),
            "the presence should be a boolean and is a string."),
        (
            "presence alone",
            () => EnsurePresentReply.FromXmlRpc(Array(true)),
            "the answer to ensurepresent should have 2 items and has 1."),
        (
            "build answer unknown",
            () => BuildReply.FromXmlRpc(Array("BuilderStatus.WAITING", "x")),
            "the answer to build is 'BuilderStatus.WAITING', which is no such word."),
        (
            "status word unknown",
            () => BuilderStatusReply.FromXmlRpc("IDLE"),
            "the builder's status is 'IDLE', which is no such word."),
        (
            "status word as decimal",
            () => BuilderStatusReply.FromXmlRpc(new XmlRpcBigDecimal("1")),
            "the builder's status should be a string and is a decimal."),
        (
            "proxy info as nil",
            () => ProxyInfoReply.FromXmlRpc(XmlRpcNil.Instance),
            "the answer to proxy_info should be a struct and is nil."),
        ("too many arguments", () => Call("abort", 1), "abort takes 0 arguments and was given 1."),
        (
            "too few arguments",
            () => Call("build", "id", "tag", "sum", new XmlRpcStruct()),
            "build takes 5 arguments and was given 4."),
        (
            "five arguments",
            () => Call("ensurepresent", "a", "b", "c", "d", "e"),
            "ensurepresent takes 4 arguments, or 2, and was given 5."),
        (
            "three arguments",
            () => Call("ensurepresent", "a", "b", "c"),
            "ensurepresent takes 4 arguments, or 2, and was given 3."),
        ("status_dict with an argument", () => Call("status_dict", 1), "status_dict takes 0 arguments and was given 1."),
        (
            "tag as nil",
            () => Call("build", "id", XmlRpcNil.Instance, "sum", new XmlRpcStruct(), new XmlRpcStruct()),
            "the builder's tag should be a string and is nil."),
        (
            "sum as struct",
            () => Call("build", "id", "tag", new XmlRpcStruct(), new XmlRpcStruct(), new XmlRpcStruct()),
            "the chroot's sum should be a string and is a struct."),
        (
            "file map of numbers",
            () => Call("build", "id", "tag", "sum", new XmlRpcStruct { ["a"] = 1 }, new XmlRpcStruct()),
            "each member of the file map should be a string and is an integer."),
        (
            "password as number",
            () => Call("ensurepresent", "a", "b", "c", 5),
            "the password should be a string and is an integer."),
    ];

    private static IEnumerable<TestCaseData<Func<object>, string>> RefusedCases =>
        Refused.Select(row => new TestCaseData<Func<object>, string>(row.Read, row.Message).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(RefusedCases))]
    public void Wrong_shape_is_refused_with(Func<object> read, string message) =>
        Assert.That(Assert.Throws<MessageFormatException>(() => read())?.Message, Is.EqualTo(message));

    [TestCase("nosuch")]
    [TestCase("system.listMethods")]
    [TestCase(" echo ")]
    [TestCase("Echo")]
    public void Unknown_method_is_told_apart(string name) => Assert.That(
        Assert.Throws<UnknownMethodException>(() => Call(name))?.MethodName, Is.EqualTo(name));

    [TestCase("nosuch", "procedure nosuch not found")]
    [TestCase("system.listMethods", "no such subHandler system")]
    [TestCase("a.b.c", "no such subHandler a")]
    [TestCase(".a", "no such subHandler ")]
    [TestCase(" echo ", "procedure  echo  not found")]
    public void Fault_for_an_unknown_method_is_the_reference_s(string name, string message) =>
        Assert.That(XmlRpcFaults.UnknownMethod(name), Is.EqualTo(new XmlRpcFault(8001, message)));

    [Test]
    public void Ensurepresent_of_old_masters_has_no_user()
    {
        var call = (EnsurePresentCall)Call("ensurepresent", "a", "http://h/");

        Assert.That((call.Sha1, call.Url, call.UserName, call.Password), Is.EqualTo(("a", "http://h/", "", "")));
    }

    [Test]
    public void Status_has_the_name_that_old_masters_use() => Assert.That(Call("status_dict"), Is.TypeOf<StatusCall>());

    [Test]
    public void Integer_does_for_a_boolean()
    {
        Assert.That(EnsurePresentReply.FromXmlRpc(Array(1, "x")).Present, Is.True);
        Assert.That(EnsurePresentReply.FromXmlRpc(Array(0, "x")).Present, Is.False);
        Assert.That(
            ProxyInfoReply.FromXmlRpc(new XmlRpcStruct { ["use_fetch_service"] = 1 }),
            Is.EqualTo(new ProxyInfoReply(true, null)));
    }

    [Test]
    public void Integer_does_for_a_build_id_in_a_status() =>
        Assert.That(Status(("build_id", 17)).BuildId, Is.EqualTo("17"));

    [Test]
    public void Text_does_for_a_log() =>
        Assert.That(Encoding.UTF8.GetString(Status(("logtail", "zażółć")).LogTail!.Value.Span), Is.EqualTo("zażółć"));

    [TestCase("builder_version")]
    [TestCase("build_status")]
    [TestCase("build_id")]
    [TestCase("logtail")]
    [TestCase("filemap")]
    [TestCase("dependencies")]
    public void Nil_is_as_good_as_left_out(string member) => Assert.That(
        Codec.Describe(Status((member, XmlRpcNil.Instance)).ToXmlRpc()),
        Is.EqualTo("{'builder_status': 'BuilderStatus.IDLE'}"));

    [Test]
    public void Further_items_and_members_are_no_error()
    {
        Assert.That(BuildReply.FromXmlRpc(Array("BuilderStatus.BUILDING", "x", 1)).Text, Is.EqualTo("x"));
        Assert.That(InfoReply.FromXmlRpc(Array("1.1", "armhf", Array(), 1)).ArchitectureTag, Is.EqualTo("armhf"));
        Assert.That(
            ProxyInfoReply.FromXmlRpc(new XmlRpcStruct { ["x"] = 1 }), Is.EqualTo(new ProxyInfoReply(null, null)));
        Assert.That(Status(("new", 1)).Extra.Keys, Is.EqualTo(["new"]));
    }

    [Test]
    public void Extra_member_does_not_take_a_standard_one_s_place()
    {
        var reply = new StatusReply
        {
            Status = BuilderStatus.Idle,
            Extra = new XmlRpcStruct { ["builder_status"] = "lie", ["filemap"] = "lie", ["revision_id"] = "true" },
        };

        Assert.That(
            Codec.Describe(reply.ToXmlRpc()),
            Is.EqualTo("{'builder_status': 'BuilderStatus.IDLE', 'revision_id': 'true'}"));
    }

    [Test]
    public void Extra_member_that_can_not_be_written_or_read_is_left_out()
    {
        XmlRpcValue tooDeep = new XmlRpcArray([]);
        for (var depth = 0; depth < XmlRpcLimits.MaxDepth; depth++)
            tooDeep = new XmlRpcArray([tooDeep]);
        var reply = new StatusReply
        {
            Status = BuilderStatus.Idle,
            Extra = new XmlRpcStruct
            {
                ["first"] = int.MaxValue,
                ["big"] = 1L << 31,
                ["small"] = -(1L << 31) - 1,
                ["inside"] = new XmlRpcStruct { ["a"] = new XmlRpcArray([1, 1L << 40]) },
                ["decimal"] = new XmlRpcBigDecimal("1.5"),
                ["deep"] = tooDeep,
                ["nul"] = "a\0b",
                ["escape"] = new XmlRpcArray(["\u001b[1m"]),
                ["half a pair"] = "\ud83d",
                ["halves swapped"] = "\ude00\ud83d",
                ["bad time"] = new XmlRpcDateTime("\u0001"),
                ["bad name"] = new XmlRpcStruct { ["\uffff"] = 1 },
                ["\u0002"] = 1,
                ["whole pair"] = "\ud83d\ude00\t\r\n",
                ["last"] = new XmlRpcArray([XmlRpcNil.Instance, 2.5]),
            },
        };

        var members = (XmlRpcStruct)reply.ToXmlRpc();

        Assert.That(members.Keys, Is.EqualTo(["builder_status", "first", "whole pair", "last"]));
        Assert.That(StatusReply.FromXmlRpc(Codec.ReadResponse(Codec.WriteResponse(members))).Extra, Has.Count.EqualTo(3));
    }

    [Test]
    public void Extra_member_as_deep_as_can_be_written_is_sent()
    {
        XmlRpcValue deep = new XmlRpcArray([]);
        for (var depth = 1; depth < XmlRpcLimits.MaxDepth; depth++)
            deep = new XmlRpcArray([deep]);
        var reply = new StatusReply { Status = BuilderStatus.Idle, Extra = new XmlRpcStruct { ["deep"] = deep } };

        Assert.That(((XmlRpcStruct)reply.ToXmlRpc()).Keys, Does.Contain("deep"));
        Assert.That(() => Codec.WriteResponse(reply.ToXmlRpc()), Throws.Nothing);
    }

    [Test]
    public void Members_of_a_status_have_the_reference_s_order()
    {
        var reply = new StatusReply
        {
            Extra = new XmlRpcStruct { ["z"] = 1, ["a"] = 2 },
            Dependencies = "",
            FileMap = new Dictionary<string, string>(),
            LogTail = ReadOnlyMemory<byte>.Empty,
            BuildId = "id",
            BuildStatus = BuildStatus.Ok,
            BuilderVersion = "1",
            Status = BuilderStatus.Waiting,
        };

        Assert.That(
            ((XmlRpcStruct)reply.ToXmlRpc()).Keys,
            Is.EqualTo([
                "builder_status", "builder_version", "build_status", "build_id", "logtail", "filemap", "dependencies", "z", "a",
            ]));
    }

    [Test]
    public void Every_word_is_found_again()
    {
        foreach (var status in Enum.GetValues<BuilderStatus>())
            Assert.That((WireNames.TryParse(WireNames.Of(status), out BuilderStatus found), found), Is.EqualTo((true, status)));
        foreach (var status in Enum.GetValues<BuildStatus>())
            Assert.That((WireNames.TryParse(WireNames.Of(status), out BuildStatus found), found), Is.EqualTo((true, status)));
        foreach (var answer in Enum.GetValues<BuildAnswer>())
            Assert.That((WireNames.TryParse(WireNames.Of(answer), out BuildAnswer found), found), Is.EqualTo((true, answer)));

        Assert.Throws<ArgumentOutOfRangeException>(() => WireNames.Of((BuilderStatus)99));
        Assert.Throws<ArgumentOutOfRangeException>(() => WireNames.Of((BuildStatus)99));
        Assert.Throws<ArgumentOutOfRangeException>(() => WireNames.Of((BuildAnswer)99));
    }

    [Test]
    public void Secrets_are_not_shown()
    {
        var call = new EnsurePresentCall { Sha1 = "abc", Url = "http://u:hush@h/", UserName = "u", Password = "hush" };
        var build = new BuildCall
        {
            BuildId = "1",
            Builder = "snap",
            ChrootSha1 = "abc",
            FileMap = new Dictionary<string, string>(),
            Arguments = new XmlRpcStruct { ["proxy_url"] = "http://u:hush@h/" },
        };

        Assert.That(call.ToString(), Is.EqualTo("EnsurePresentCall { Sha1 = abc }"));
        Assert.That(build.ToString(), Does.Not.Contain("hush"));
    }

    [Test]
    [Category(LongRun.Category)]
    public void Status_of_any_content_comes_back() => ForAll(
        from status in Gen.Elements(Enum.GetValues<BuilderStatus>())
        from version in ArbitraryValues.Text
        from buildStatus in Gen.Elements<BuildStatus?>([null, .. Enum.GetValues<BuildStatus>().Cast<BuildStatus?>()])
        from log in ArbitraryValues.Bytes
        from files in ArbitraryValues.Text.Two().ListOf()
        from extra in ArbitraryValues.Struct
        select new StatusReply
        {
            Status = status,
            BuilderVersion = version,
            BuildStatus = buildStatus,
            BuildId = buildStatus is null ? null : version,
            LogTail = log.Length == 1 ? null : (ReadOnlyMemory<byte>?)log,
            FileMap = files.DistinctBy(file => file.Item1).ToDictionary(file => file.Item1, file => file.Item2),
            Dependencies = version,
            Extra = extra,
        },
        reply => Assert.That(
            Codec.Describe(StatusReply.FromXmlRpc(Codec.ReadResponse(Codec.WriteResponse(reply.ToXmlRpc()))).ToXmlRpc()),
            Is.EqualTo(Codec.Describe(reply.ToXmlRpc()))));

    [Test]
    [Category(LongRun.Category)]
    public void Build_of_any_content_comes_back() => ForAll(
        from text in ArbitraryValues.Text.Three()
        from files in ArbitraryValues.Text.Two().ListOf()
        from arguments in ArbitraryValues.Struct
        select new BuildCall
        {
            BuildId = text.Item1,
            Builder = text.Item2,
            ChrootSha1 = text.Item3,
            FileMap = files.DistinctBy(file => file.Item1).ToDictionary(file => file.Item1, file => file.Item2),
            Arguments = arguments,
        },
        call =>
        {
            var bytes = Codec.WriteCall(call.ToXmlRpc());
            Assert.That(Codec.WriteCall(SlaveCall.FromXmlRpc(Codec.ReadCall(bytes)).ToXmlRpc()), Is.EqualTo(bytes));
        });

    [Test]
    [Category(LongRun.Category)]
    public void Any_value_is_a_message_or_refused() => ForAll(
        ArbitraryValues.Value,
        value =>
        {
            Func<XmlRpcValue, object>[] readers =
            [
                InfoReply.FromXmlRpc, StatusReply.FromXmlRpc, BuildReply.FromXmlRpc, EnsurePresentReply.FromXmlRpc,
                BuilderStatusReply.FromXmlRpc, ProxyInfoReply.FromXmlRpc,
                read => Call("build", read, read, read, read, read), read => Call("ensurepresent", read, read, read, read),
            ];
            foreach (var read in readers)
            {
                try
                {
                    Assert.That(read(value), Is.Not.Null);
                }
                catch (MessageFormatException)
                {
                    // The only way to refuse.
                }
            }
        });

    private static StatusReply Status(params (string Name, XmlRpcValue Value)[] members) => StatusReply.FromXmlRpc(
        new XmlRpcStruct([
            KeyValuePair.Create<string, XmlRpcValue>("builder_status", "BuilderStatus.IDLE"),
            .. members.Select(member => KeyValuePair.Create(member.Name, member.Value)),
        ]));

    private static XmlRpcArray Array(params XmlRpcValue[] items) => new(items);

    private static SlaveCall Call(string name, params XmlRpcValue[] parameters) =>
        SlaveCall.FromXmlRpc(new XmlRpcCall(name, parameters));
}
