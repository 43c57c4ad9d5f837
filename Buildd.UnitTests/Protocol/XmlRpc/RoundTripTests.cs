using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using FsCheck.Fluent;
using NUnit.Framework;
using static Buildd.UnitTests.Testing.Properties;

namespace Buildd.UnitTests.Protocol.XmlRpc;

/// <summary>What holds for all values, and for all bytes.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RoundTripTests
{
    [Test]
    [Category(LongRun.Category)]
    public void Answer_is_read_as_it_was_written() => ForAll(
        ArbitraryValues.Value,
        value => Assert.That(
            Codec.Describe(Codec.ReadResponse(Codec.WriteResponse(value))), Is.EqualTo(Codec.Describe(value))));

    [Test]
    [Category(LongRun.Category)]
    public void Call_is_read_as_it_was_written() => ForAll(
        from name in ArbitraryValues.Text
        from parameters in ArbitraryValues.Value.ListOf()
        select new XmlRpcCall(name + "x", [.. parameters]),
        call =>
        {
            var read = Codec.ReadCall(Codec.WriteCall(call));
            Assert.That(read.MethodName, Is.EqualTo(call.MethodName));
            Assert.That(read.Parameters.Select(Codec.Describe), Is.EqualTo(call.Parameters.Select(Codec.Describe)));
        });

    [Test]
    [Category(LongRun.Category)]
    public void Fault_is_read_as_it_was_written() => ForAll(
        from code in Gen.Choose(int.MinValue, int.MaxValue)
        from text in ArbitraryValues.Text
        select new XmlRpcFault(code, text),
        fault => Assert.That(
            Assert.Throws<XmlRpcFaultException>(() => Codec.ReadResponse(Codec.WriteFault(fault)))?.Fault,
            Is.EqualTo(fault)));

    [Test]
    [Category(LongRun.Category)]
    public void Any_text_can_be_written_and_is_then_read_or_refused() => ForAll(
        ArbitraryValues.AnyValue,
        value =>
        {
            var bytes = Codec.WriteResponse(value);
            try
            {
                var again = Codec.WriteResponse(Codec.ReadResponse(bytes));
                Assert.That(again.Length, Is.GreaterThan(0));
            }
            catch (XmlRpcReadException)
            {
                // A control character.
            }
        });

    [Test]
    [Category(LongRun.Category)]
    public void Any_bytes_are_read_or_refused() => ForAll(ArbitraryValues.Bytes, ReadBothWays);

    [Test]
    [Category(LongRun.Category)]
    public void Any_change_to_a_document_is_read_or_refused()
    {
        var whole = Codec.WriteCall(new XmlRpcCall("build", [Codec.Sample, new XmlRpcArray([1, "x"])]));
        ForAll(
            from one in Gen.Choose(0, whole.Length)
            from other in Gen.Choose(0, whole.Length)
            from bytes in ArbitraryValues.Bytes
            select (Start: Math.Min(one, other), End: Math.Max(one, other), Bytes: bytes),
            change =>
            {
                ReadBothWays([.. whole[..change.Start], .. change.Bytes, .. whole[change.End..]]);
                ReadBothWays([.. whole[..change.End], .. whole[change.Start..]]);
            });
    }

    [Test]
    [Category(LongRun.Category)]
    public void Double_is_written_as_Python_lays_it_out_and_reads_back() => ForAll(
        ArbitraryValues.Double,
        value =>
        {
            var text = PythonNumber.Format(value);
            Assert.That(
                text, Does.Match(@"^(-?(\d+\.\d+|\d(\.\d*[1-9])?e[+-]\d{2,3}|inf)|nan)$"));
            Assert.That(
                BitConverter.DoubleToInt64Bits(PythonNumber.ParseDouble(text)),
                Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
        });

    [Test]
    [Category(LongRun.Category)]
    public void Base64_is_read_whatever_blanks_are_in_it() => ForAll(
        ArbitraryValues.Bytes.SelectMany(bytes => Gen.Choose(1, 10).Select(every => (bytes, every))),
        row =>
        {
            var chunks = Convert.ToBase64String(row.bytes).Chunk(row.every);
            var text = string.Join("\n ", chunks.Select(chunk => new string(chunk)));
            Assert.That(LenientBase64.Decode(text).ToArray(), Is.EqualTo(row.bytes));
        });

    private static void ReadBothWays(byte[] bytes)
    {
        try
        {
            Codec.ReadCall(bytes);
        }
        catch (XmlRpcReadException)
        {
            // The only way to refuse a call.
        }

        try
        {
            Codec.ReadResponse(bytes);
        }
        catch (Exception exception) when (exception is XmlRpcReadException or XmlRpcFaultException)
        {
            // The only ways to refuse an answer.
        }
    }
}
