using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

/// <summary>
/// The exchanges recorded from the reference, replayed against codec and messages: request body in, answer body out,
/// byte for byte. Where we differ on purpose, <see cref="Differences"/> says so and why.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordedExchangesTests
{
    private const string Nameless = "fault 8002: Can't deserialize input: the call has no method name";

    private const string NamelessReason =
        "The reference answers HTTP 500 with a page of HTML, which no XML-RPC client can read.";

    /// <summary>
    /// All places where the same request gets another answer from us than from the reference. The request is the name
    /// of a recorded exchange, or a body whose answer by the reference was observed in other ways.
    /// </summary>
    private static readonly (string Request, string OurAnswer, string Reason)[] Differences =
    [
        (
            "echo-doctype-entity",
            "fault 8002: Can't deserialize input: document type declarations are refused: line 1, column 21",
            "The reference expands entities. No client declares any, and a few lines of them can expand to gigabytes."),
        ("fault-no-method-name", Nameless, NamelessReason),
        ("fault-empty-method-name", Nameless, NamelessReason),
        ("fault-method-response-sent", Nameless, NamelessReason),
        (
            Codec.CallWith("<int>1_000</int>"),
            "fault 8002: Can't deserialize input: invalid literal for int() with base 10: '1_000'",
            "Python's int() and float() take grouped digits and those of every script. Nobody sends them on purpose."),
        (
            Codec.CallWith("<name>x</name>"),
            "fault 8002: Can't deserialize input: a name stands outside of a struct",
            "The reference takes a name for a string wherever it stands, and a string for a name. Nobody mixes them up."),
        (
            Codec.CallWith("<dateTime.iso8601>&lt;</dateTime.iso8601>"),
            "[time '<']",
            "The reference doesn't escape the text of a date, so its answer here is no XML."),
        (
            "<?xml version='1.0' encoding='windows-1252'?>" + Codec.CallWith("x"),
            "fault 8002: Can't deserialize input: unknown encoding: line 1, column 30",
            "Python knows some hundred encodings, .NET without its code pages these: UTF-8, -16 and -32, Latin-1, ASCII. "
            + "All known clients send UTF-8."),
        (
            "<?xml version='1.1'?>" + Codec.CallWith("x"),
            "fault 8002: Can't deserialize input: not well-formed (invalid token): line 1, column 15",
            "The reference's parser doesn't look at the version; ours knows no other than 1.0, and no client sends one."),
        (
            Codec.CallWith("<a:b:int>1</a:b:int>"),
            "fault 8002: Can't deserialize input: not well-formed (invalid token): line 1, column 67",
            "The reference knows nothing of namespaces and drops prefixes; our parser has names with one colon at most."),
        (
            Codec.CallWith(string.Concat(Enumerable.Repeat("<array>", 101).Concat(Enumerable.Repeat("</array>", 101)))),
            "fault 8002: Can't deserialize input: arrays and structs are nested 101 deep, more than the limit of 100",
            "The reference has no limits, see XmlRpcLimits."),
        (
            "<methodCall><methodName>ensurepresent</methodName><params><value>s</value><int>5</int><value/><value/></params>"
            + "</methodCall>",
            "fault 8002: error",
            "The reference answers that the download failed. It is the caller's mistake, as with a sum that is no string."),
        (
            "<methodCall><methodName>build</methodName><params><value>id</value><value>nosuch</value><value>s</value>"
            + "<array/><array/></params></methodCall>",
            "fault 8002: error",
            "The reference would say that the manager is unknown before it notices the other arguments' types."),
    ];

    private static readonly string[] Replayed = ["echo-", "info", "status-idle", "fault-"];

    private static IEnumerable<WireCase> SameCases => WireCase.All
        .Where(wireCase => Replayed.Any(name => wireCase.Name.StartsWith(name, StringComparison.Ordinal)))
        .Where(wireCase => Differences.All(difference => difference.Request != wireCase.Name));

    private static IEnumerable<TestCaseData<string, string>> DifferenceCases => Differences.Select(
        row => new TestCaseData<string, string>(row.Request, row.OurAnswer)
            .SetArgDisplayNames(row.Request.Length > 70 ? row.Request[..70] : row.Request));

    [TestCaseSource(nameof(SameCases))]
    public void Answer_has_the_reference_s_bytes(WireCase wireCase)
    {
        Assert.That(wireCase.Status, Is.EqualTo(200));
        var answer = Answer(wireCase.RequestBody, wireCase.Name == "status-idle-unpackaged" ? null : "254");

        Assert.That(Codec.Text(answer), Is.EqualTo(Codec.Text(wireCase.ResponseBody)));
        Assert.That(answer, Is.EqualTo(wireCase.ResponseBody));
    }

    [TestCaseSource(nameof(DifferenceCases))]
    public void Answer_differs_on_purpose(string request, string ours)
    {
        var recorded = WireCase.All.SingleOrDefault(wireCase => wireCase.Name == request);
        var answer = Answer(recorded?.RequestBody ?? Encoding.UTF8.GetBytes(request), "254");

        Assert.That(Describe(answer), Is.EqualTo(ours));
        if (recorded is not null)
            Assert.That(answer, Is.Not.EqualTo(recorded.ResponseBody), "It no longer differs: take it off the table.");
    }

    [Test]
    public void Recorded_bytes_have_not_been_touched()
    {
        // Those about HTTP itself may have no length, or no answer at all; they are compared as a whole where they are replayed.
        var single = WireCase.All.Where(wireCase => wireCase.Connection is null).ToList();
        Assert.That(single, Has.Count.EqualTo(161));
        foreach (var wireCase in single)
        {
            var (head, body) = WireCase.Split(wireCase.Response);
            Assert.That(head, Does.Contain($"\r\nContent-Length: {body.Length}"), wireCase.Name);
            Assert.That(head, Does.StartWith($"HTTP/1.1 {wireCase.Status} "), wireCase.Name);
        }
    }

    [Test]
    public void Head_is_masked_where_it_varies() => Assert.That(
        WireCase.Get("info").MaskedResponseHead,
        Is.EqualTo(
            "HTTP/1.1 200 OK\r\nServer: *\r\nDate: *\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 669"));

    [Test]
    public void Chunked_body_is_put_together()
    {
        var (head, body) = WireCase.Split(Encoding.Latin1.GetBytes(
            "POST /rpc HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123\r\n6789\r\n0\r\nT: v\r\n\r\n"));

        Assert.That(head, Does.StartWith("POST"));
        Assert.That(Codec.Text(body), Is.EqualTo("abc0123\r\n6789"));
    }

    /// <summary>As much of an idle slave as the exchanges need.</summary>
    private static byte[] Answer(byte[] request, string? version)
    {
        try
        {
            return Codec.WriteResponse(SlaveCall.FromXmlRpc(Codec.ReadCall(request)) switch
            {
                EchoCall echo => new XmlRpcArray(echo.Arguments),
                InfoCall => new InfoReply
                {
                    ArchitectureTag = "amd64",
                    BuilderTags =
                    [
                        WireNames.Managers.BinaryPackage, WireNames.Managers.SourcePackageRecipe,
                        WireNames.Managers.TranslationTemplates, WireNames.Managers.LiveFs, WireNames.Managers.Snap,
                        WireNames.Managers.Oci, WireNames.Managers.Charm, WireNames.Managers.Ci, WireNames.Managers.Rock,
                        WireNames.Managers.Craft,
                    ],
                }.ToXmlRpc(),
                StatusCall => new StatusReply { Status = BuilderStatus.Idle, BuilderVersion = version }.ToXmlRpc(),
                // In the states that the others were recorded in, all of them fail.
                var other => throw new MessageFormatException($"{other} can't be carried out."),
            });
        }
        catch (XmlRpcReadException exception)
        {
            return Codec.WriteFault(XmlRpcFaults.CannotDeserialize(exception.Message));
        }
        catch (XmlRpcWriteException exception)
        {
            return Codec.WriteFault(XmlRpcFaults.CannotSerialize(exception.Message));
        }
        catch (UnknownMethodException exception)
        {
            return Codec.WriteFault(XmlRpcFaults.UnknownMethod(exception.MethodName));
        }
        catch (MessageFormatException)
        {
            return Codec.WriteFault(XmlRpcFaults.Error);
        }
    }

    private static string Describe(byte[] answer)
    {
        try
        {
            return Codec.Describe(Codec.ReadResponse(answer));
        }
        catch (XmlRpcFaultException exception)
        {
            return $"fault {exception.Fault.Code}: {exception.Fault.Message}";
        }
    }
}
