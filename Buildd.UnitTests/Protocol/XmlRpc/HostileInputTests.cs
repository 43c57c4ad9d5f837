using System.Buffers;
using System.Text;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.XmlRpc;

/// <summary>
/// Bodies made to cost time or memory. Each is refused within its deadline and with an allocation in proportion to its
/// length; the factors are generous, what they catch is what grows faster.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HostileInputTests
{
    private const int MiB = 1024 * 1024;

    [Test]
    [CancelAfter(300_000)]
    public async Task Body_above_the_limit_is_not_even_looked_at(CancellationToken deadline)
    {
        var (message, allocated) = await RefuseAsync(new byte[XmlRpcLimits.MaxBodyBytes + 1], deadline);

        Assert.That(message, Is.EqualTo("the body has 16777217 bytes, more than the limit of 16777216"));
        Assert.That(allocated, Is.LessThan(64 * 1024));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Largest_string_is_read(CancellationToken deadline)
    {
        var frame = Codec.CallWith("").Length;
        var document = Codec.CallWith(new string('x', XmlRpcLimits.MaxBodyBytes - frame));

        var call = await RunAsync(() => Codec.ReadCall(document), deadline);
        Assert.That(((XmlRpcString)call.Parameters.Single()).Value, Has.Length.EqualTo(XmlRpcLimits.MaxBodyBytes - frame));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Largest_data_is_read(CancellationToken deadline)
    {
        var document = Codec.CallWith($"<base64>{new string('A', 12 * MiB)}</base64>");

        var call = await RunAsync(() => Codec.ReadCall(document), deadline);
        Assert.That(((XmlRpcBase64)call.Parameters.Single()).Value.Length, Is.EqualTo(9 * MiB));
    }

    [Test]
    public void Nesting_up_to_the_limit_is_read()
    {
        var value = Codec.ReadArgument(Repeat("<array><data><value>", 100) + Repeat("</value></data></array>", 100));

        Assert.That(Codec.Describe(value), Is.EqualTo(Repeat("[", 100) + "''" + Repeat("]", 100)));
    }

    [Test]
    public void What_echo_makes_of_the_deepest_call_can_be_written_and_read()
    {
        var argument = Codec.ReadArgument(Repeat("<array>", 100) + Repeat("</array>", 100));
        XmlRpcValue answer = new XmlRpcArray([argument]);

        Assert.That(
            Codec.Describe(Codec.ReadResponse(Codec.WriteResponse(answer))), Is.EqualTo(Codec.Describe(answer)));
        Assert.That(
            Assert.Throws<XmlRpcWriteException>(() => Codec.WriteResponse(new XmlRpcArray([answer])))?.Message,
            Is.EqualTo("arrays and structs are nested more than 101 deep"));
    }

    [TestCase("<array><data><value>")]
    [TestCase("<struct><member><name>a</name><value>")]
    [CancelAfter(300_000)]
    public async Task Deep_nesting_is_refused(string level, CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes("<methodCall><value>" + Repeat(level, 15 * MiB / level.Length));

        var (message, allocated) = await RefuseAsync(body, deadline);
        Assert.That(message, Is.EqualTo("arrays and structs are nested 101 deep, more than the limit of 100"));
        Assert.That(allocated, Is.LessThan(MiB));
    }

    [TestCase("<a>")]
    [TestCase("<value>")]
    [CancelAfter(300_000)]
    public async Task Deep_nesting_of_what_means_nothing_is_refused(string level, CancellationToken deadline)
    {
        var (message, allocated) = await RefuseAsync(Encoding.UTF8.GetBytes(Repeat(level, 2 * MiB)), deadline);

        Assert.That(message, Is.EqualTo("elements are nested 513 deep, more than the limit of 512"));
        Assert.That(allocated, Is.LessThan(2 * MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Too_many_values_are_refused(CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes(Codec.CallWith("<array>" + Repeat("<nil/>", 2 * MiB) + "</array>"));

        var (message, allocated) = await RefuseAsync(body, deadline);
        Assert.That(message, Is.EqualTo("the document has more values than the limit of 100000"));
        Assert.That(allocated, Is.LessThan(16 * MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Too_many_members_are_refused(CancellationToken deadline)
    {
        var members = string.Concat(Enumerable.Range(0, 100_001).Select(i => $"<name>{i}</name><nil/>"));
        var body = Encoding.UTF8.GetBytes(Codec.CallWith($"<struct>{members}</struct>"));

        var (message, allocated) = await RefuseAsync(body, deadline);
        Assert.That(message, Is.EqualTo("the document has more values than the limit of 100000"));
        Assert.That(allocated, Is.LessThan(64 * MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task The_same_member_again_and_again_is_one_member(CancellationToken deadline)
    {
        var members = Repeat("<member><name>a</name><value/></member>", 99_000);
        var document = Codec.CallWith($"<struct>{members}</struct>");

        var call = await RunAsync(() => Codec.ReadCall(document), deadline);
        Assert.That(call.Parameters.Single(), Is.TypeOf<XmlRpcStruct>().And.Count.EqualTo(1));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Too_many_elements_are_refused(CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes($"<a>{Repeat("<b/>", 3 * MiB)}</a>");

        var (message, allocated) = await RefuseAsync(body, deadline);
        Assert.That(message, Is.EqualTo("the document has more elements than the limit of 500000"));
        Assert.That(allocated, Is.LessThan(MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Too_many_names_are_refused(CancellationToken deadline)
    {
        var elements = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"<a{i}/>"));

        var (message, allocated) = await RefuseAsync(Encoding.UTF8.GetBytes($"<a>{elements}</a>"), deadline);
        Assert.That(message, Is.EqualTo("the document has more names than the limit of 1000"));
        Assert.That(allocated, Is.LessThan(MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Flood_of_attributes_is_refused(CancellationToken deadline)
    {
        var attributes = string.Concat(Enumerable.Range(0, 1_000_000).Select(i => $" a{i}=''"));

        var (message, allocated) = await RefuseAsync(Encoding.UTF8.GetBytes($"<a{attributes}/>"), deadline);
        Assert.That(message, Is.EqualTo("the document has more names than the limit of 1000"));
        Assert.That(allocated, Is.LessThan(MiB));
    }

    [TestCase("<a", " a=''", "/>")]
    [TestCase("<a b='", "xxxxx", "'/>")]
    [TestCase("<!--", "xxxxx", "--><a/>")]
    [TestCase("<?a ", "xxxxx", "?><a/>")]
    [TestCase("<a><![CDATA[", "xxxxx", "]]></a>")]
    [TestCase("<", "xxxxx", "/>")]
    [TestCase("<a>&", "xxxxx", ";</a>")]
    [TestCase("<a>&#x", "00000", "41;</a>")]
    [CancelAfter(300_000)]
    public async Task Endless_markup_is_refused(string start, string filling, string end, CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes(start + Repeat(filling, 3 * MiB) + end);

        var (message, allocated) = await RefuseAsync(body, deadline);
        Assert.That(message, Is.EqualTo("a tag, comment or section has more than the limit of 1048576 bytes"));
        Assert.That(allocated, Is.LessThan(128 * MiB));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Blanks_are_no_markup(CancellationToken deadline)
    {
        var blanks = Repeat(" \n", 5 * MiB);
        var document = $"<methodCall>{blanks}<methodName>echo</methodName></methodCall>";

        var call = await RunAsync(() => Codec.ReadCall(document), deadline);
        Assert.That(call.MethodName, Is.EqualTo("echo"));
    }

    [TestCase("</b>", "mismatched tag: line 1, column 15728661")]
    [TestCase("", "no element found: line 1, column 15728659")]
    [TestCase("\0", "not well-formed (invalid token): line 1, column 15728659")]
    [CancelAfter(300_000)]
    public async Task Finding_the_place_of_a_mistake_costs_little(string end, string message, CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes($"<methodCall><value>{new string('x', 15 * MiB)}{end}");

        var (text, allocated) = await RefuseAsync(body, deadline);
        Assert.That(text, Is.EqualTo(message));
        Assert.That(allocated, Is.LessThan(192 * MiB));
    }

    [TestCase("<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>", TestName = "Entity bomb")]
    [TestCase("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", TestName = "External entity")]
    [TestCase("<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'>", TestName = "External subset")]
    [TestCase("<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///dev/zero'> %p;]>", TestName = "Parameter entity")]
    [CancelAfter(300_000)]
    public async Task Document_types_are_refused(string type, CancellationToken deadline)
    {
        var document = type + Codec.CallWith("&b;&e;");

        var (message, allocated) = await RefuseAsync(Encoding.UTF8.GetBytes(document), deadline);
        Assert.That(message, Is.EqualTo("document type declarations are refused: line 1, column 0"));
        Assert.That(allocated, Is.LessThan(256 * 1024));
    }

    [TestCase(4300, null)]
    [TestCase(4301, "an integer has 4301 digits, more than the limit of 4300")]
    [TestCase(15 * MiB, "an integer has 15728640 digits, more than the limit of 4300")]
    [CancelAfter(300_000)]
    public async Task Integer_has_so_many_digits_at_most(int digits, string? message, CancellationToken deadline)
    {
        var document = Codec.CallWith($"<int>{new string('9', digits)}</int>");

        var refusal = await RunAsync(
            () =>
            {
                try
                {
                    Codec.ReadCall(document);
                    return null;
                }
                catch (XmlRpcReadException exception)
                {
                    return exception.Message;
                }
            },
            deadline);
        Assert.That(refusal, Is.EqualTo(message));
    }

    [TestCase("double", '9')]
    [TestCase("bigdecimal", '9')]
    [TestCase("dateTime.iso8601", ' ')]
    [TestCase("base64", '=')]
    [TestCase("base64", '*')]
    [CancelAfter(300_000)]
    public async Task Long_scalar_takes_no_long_time(string type, char filling, CancellationToken deadline)
    {
        var document = Codec.CallWith($"<{type}>{new string(filling, 15 * MiB)}</{type}>");

        Assert.That(await RunAsync(() => Codec.ReadCall(document), deadline), Is.Not.Null);
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Message_does_not_repeat_all_of_a_long_text(CancellationToken deadline)
    {
        var body = Encoding.UTF8.GetBytes(Codec.CallWith($"<int>{new string('x', 15 * MiB)}</int>"));

        var (message, _) = await RefuseAsync(body, deadline);
        Assert.That(message, Has.Length.LessThan(300));
    }

    /// <summary>Most prefixes of a document are unclosed; only the last is whole.</summary>
    [Test]
    [CancelAfter(300_000)]
    public async Task Request_cut_off_at_any_byte_is_refused(CancellationToken deadline)
    {
        var whole = Codec.WriteCall(new XmlRpcCall("build", [Codec.Sample]));
        var end = whole.AsSpan().IndexOf("</methodCall>"u8) + "</methodCall>".Length;

        await RunAsync(
            () =>
            {
                for (var length = 0; length < end; length++)
                {
                    deadline.ThrowIfCancellationRequested();
                    var part = whole[..length];
                    Assert.That(Codec.Refusal(() => Codec.ReadCall(part)), Does.Contain("line "), $"at byte {length}");
                }

                return true;
            },
            deadline);
        Assert.That(Codec.ReadCall(whole[..end]).MethodName, Is.EqualTo("build"));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Request_with_any_byte_replaced_is_read_or_refused(
        [Values(0x00, 0x3c, 0x3e, 0x26, 0x80, 0xff)] int replacement, CancellationToken deadline)
    {
        var whole = Codec.WriteCall(new XmlRpcCall("build", [Codec.Sample]));

        var refused = await RunAsync(
            () =>
            {
                var count = 0;
                for (var at = 0; at < whole.Length; at++)
                {
                    deadline.ThrowIfCancellationRequested();
                    var changed = whole.ToArray();
                    changed[at] = (byte)replacement;
                    try
                    {
                        Codec.ReadCall(changed);
                    }
                    catch (XmlRpcReadException)
                    {
                        count++;
                    }
                }

                return count;
            },
            deadline);
        Assert.That(refused, Is.GreaterThan(whole.Length / 3));
    }

    private static string Repeat(string text, int count) =>
        new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    /// <summary>The message with which a body is refused, and how many bytes were allocated on the way.</summary>
    private static Task<(string Message, long Allocated)> RefuseAsync(byte[] body, CancellationToken deadline) => RunAsync(
        () =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(body));
                return ("", 0L);
            }
            catch (XmlRpcReadException exception)
            {
                return (exception.Message, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        },
        deadline);

    /// <summary>Runs synchronous work that has to end in time.</summary>
    private static Task<T> RunAsync<T>(Func<T> work, CancellationToken deadline) =>
        Task.Run(work, deadline).WaitAsync(deadline);
}
