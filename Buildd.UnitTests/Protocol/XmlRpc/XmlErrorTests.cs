using System.Text;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.XmlRpc;

/// <summary>What is said of bytes that are no XML: line from 1, column from 0, in expat's words where known.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class XmlErrorTests
{
    [TestCase("", "no element found: line 1, column 0")]
    [TestCase("  \n", "no element found: line 2, column 0")]
    [TestCase("<?xml version='1.0'?>", "no element found: line 1, column 21")]
    [TestCase("<?xml version='1.0'?>\n<!-- c -->\n", "no element found: line 3, column 0")]
    [TestCase("<a>", "no element found: line 1, column 3")]
    [TestCase("<abc>\r\n\r<b>", "no element found: line 3, column 3")]
    [TestCase("<", "unclosed token: line 1, column 0")]
    [TestCase("<a", "unclosed token: line 1, column 0")]
    [TestCase("<a><b c='d\n", "unclosed token: line 1, column 3")]
    [TestCase("<a></", "unclosed token: line 1, column 3")]
    [TestCase("text", "syntax error: line 1, column 0")]
    [TestCase("<a/>x", "junk after document element: line 1, column 4")]
    [TestCase("<a/><b/>", "junk after document element: line 1, column 4")]
    [TestCase("<a><b></a>", "mismatched tag: line 1, column 8")]
    [TestCase("<a>🙂<b></c>", "mismatched tag: line 1, column 9")]
    [TestCase("<a>\n&foo;</a>", "undefined entity: line 2, column 0")]
    [TestCase("<a>&#1;</a>", "reference to invalid character number: line 1, column 3")]
    [TestCase("<a>&#xD800;</a>", "reference to invalid character number: line 1, column 3")]
    [TestCase("<a>\u0001</a>", "not well-formed (invalid token): line 1, column 3")]
    [TestCase("<a>\0</a>", "not well-formed (invalid token): line 1, column 3")]
    [TestCase("<a>\uffff</a>", "not well-formed (invalid token): line 1, column 3")]
    [TestCase("<a b=c/>", "not well-formed (invalid token): line 1, column 5")]
    [TestCase("<a b='<'/>", "not well-formed (invalid token): line 1, column 6")]
    [TestCase("<1/>", "not well-formed (invalid token): line 1, column 1")]
    [TestCase("<a>& </a>", "not well-formed (invalid token): line 1, column 4")]
    [TestCase("<?xml version='1.0' encoding='bogus'?><a/>", "unknown encoding: line 1, column 30")]
    [TestCase("<?xml version='1.0' encoding='utf-7'?><a/>", "unknown encoding: line 1, column 30")]
    [TestCase(
        "<?xml version='1.0' encoding='utf-16'?><a/>",
        "encoding specified in XML declaration is incorrect: line 1, column 20")]
    [TestCase(
        "<?xml version='1.0' encoding='us-ascii'?><a>é</a>", "a body that is declared us-ascii has other bytes in it")]
    [TestCase("<!DOCTYPE a><a/>", "document type declarations are refused: line 1, column 0")]
    [TestCase(
        "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "document type declarations are refused: line 2, column 0")]
    public void Fault_says_what_and_where(string document, string message) =>
        Assert.That(Codec.Refusal(() => Codec.ReadCall(document)), Is.EqualTo(message));

    [TestCase("3c613eff", "not well-formed (invalid token): line 1, column 3", TestName = "Stray byte")]
    [TestCase("3c613e0a0ac3a9ff3c2f613e", "not well-formed (invalid token): line 3, column 1", TestName = "Stray byte below")]
    [TestCase("3c613ec0803c2f613e", "not well-formed (invalid token): line 1, column 3", TestName = "Overlong form")]
    [TestCase("3c613eeda0803c2f613e", "not well-formed (invalid token): line 1, column 3", TestName = "Surrogate in UTF-8")]
    [TestCase("3c613ec3283c2f613e", "not well-formed (invalid token): line 1, column 3", TestName = "Broken sequence")]
    public void Bytes_that_are_no_utf8_are_found(string hex, string message) =>
        Assert.That(Codec.Refusal(() => Codec.ReadCall(Convert.FromHexString(hex))), Is.EqualTo(message));

    [Test]
    public void Half_a_surrogate_pair_in_utf16_is_refused([Values(0xd800, 0xdc00)] int half)
    {
        byte[] bytes =
        [
            .. Encoding.Unicode.GetPreamble(),
            .. Encoding.Unicode.GetBytes("<a>"),
            (byte)half,
            (byte)(half >> 8),
            .. Encoding.Unicode.GetBytes("</a>"),
        ];

        Assert.Throws<XmlRpcReadException>(() => Codec.ReadCall(bytes));
    }

    [Test]
    public void Parsers_own_exception_stays_attached() => Assert.That(
        Assert.Throws<XmlRpcReadException>(() => Codec.ReadCall("<a>"))?.InnerException,
        Is.TypeOf<System.Xml.XmlException>());

    /// <summary>.NET knows many names by which it won't decode; none may end in another exception.</summary>
    [Test]
    public void Any_declared_encoding_is_either_read_or_refused()
    {
        string[] names =
        [
            .. Encoding.GetEncodings().Select(encoding => encoding.Name), "ucs-4", "ucs-2", "utf8", "utf-7", "UTF-32BE",
            "iso-10646-ucs-2", "windows-1252", "x", "", " ", "ansi", "ebcdic-cp-us", "1200", "unicode", "latin1",
        ];

        var outcomes = names.Select(name =>
        {
            try
            {
                Codec.ReadCall($"<?xml version='1.0' encoding='{name}'?>" + Codec.CallWith("x"));
                return "read";
            }
            catch (Exception exception)
            {
                return exception is XmlRpcReadException ? "refused" : $"{name}: {exception.GetType()}";
            }
        });

        Assert.That(outcomes.Distinct(), Is.EquivalentTo((string[])["read", "refused"]));
    }
}
