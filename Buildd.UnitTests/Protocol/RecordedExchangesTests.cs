using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

/// <summary>
/// The exchanges recorded from the reference, replayed against codec and messages: request body in, answer body out,
/// byte for byte. Where we differ on purpose, <see cref="Deviations"/> say so and why.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RecordedExchangesTests
{
    private static readonly string[] Replayed = ["echo-", "info", "status-idle", "fault-"];

    private static IEnumerable<WireCase> SameCases => WireCase.All
        .Where(wireCase => Replayed.Any(name => wireCase.Name.StartsWith(name, StringComparison.Ordinal)))
        .Where(wireCase => !Deviations.Contains(wireCase.Name) || Deviations.Get(wireCase.Name).Answer is null);

    private static IEnumerable<TestCaseData<string, string, string>> DifferenceCases =>
        from deviation in Deviations.All
        where deviation.Answer is not null
        from request in deviation.Request is { } body ? [body] : deviation.Recordings
        select new TestCaseData<string, string, string>(request, deviation.Answer!, deviation.Why)
            .SetArgDisplayNames(request.Length > 70 ? request[..70] : request);

    [TestCaseSource(nameof(SameCases))]
    public void Answer_has_the_reference_s_bytes(WireCase wireCase)
    {
        Assert.That(wireCase.Status, Is.EqualTo(200));
        var answer = Answer(wireCase.RequestBody, wireCase.Name == "status-idle-unpackaged" ? null : "254");

        Assert.That(Codec.Text(answer), Is.EqualTo(Codec.Text(wireCase.ResponseBody)));
        Assert.That(answer, Is.EqualTo(wireCase.ResponseBody));
    }

    [TestCaseSource(nameof(DifferenceCases))]
    public void Answer_differs_on_purpose(string request, string ours, string why)
    {
        var recorded = WireCase.All.SingleOrDefault(wireCase => wireCase.Name == request);
        var answer = Answer(recorded?.RequestBody ?? Encoding.UTF8.GetBytes(request), "254");

        Assert.That(Describe(answer), Is.EqualTo(ours), why);
        if (recorded is not null)
            Assert.That(answer, Is.Not.EqualTo(recorded.ResponseBody), Deviations.IsNone);
    }

    [Test]
    public void Every_deviation_is_of_one_recording_or_of_a_request_and_says_why() => Assert.Multiple(() =>
    {
        Assert.That(Deviations.Names, Is.Unique.And.SubsetOf(WireCase.All.Select(wireCase => wireCase.Name)), Deviations.IsNone);
        foreach (var deviation in Deviations.All)
        {
            Assert.That(deviation.Why, Does.EndWith("."));
            Assert.That(deviation.Recordings.Count > 0, Is.Not.EqualTo(deviation.Request is not null), deviation.Why);
            Assert.That(deviation.Ours is not null, Is.EqualTo(deviation.Recordings.Count > 0), deviation.Why);
            Assert.That(deviation.Answer ?? deviation.Ours, Is.Not.Null, deviation.Why);
        }
    });

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
