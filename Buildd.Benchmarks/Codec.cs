using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Buildd.Benchmarks.Harness;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Benchmarks;

/// <summary>The codec is written by hand, for Python's exact bytes and for limits: what does that cost or gain?</summary>
/// <remarks>
/// Values to bytes and back, without the messages above. Ours decodes with a System.Xml reader too, and on top checks
/// limits and makes values; the peer ends with a tree of elements. The peer writes the document without Python's line ends,
/// but as long as it would be with them is what is counted. XmlWriter also refuses characters that XML does not have, which
/// ours must not. Everything on one thread.
/// </remarks>
internal sealed class Codec : IBenchmark
{
    private const int Files = 500;
    private const int Repetitions = 400;
    private const int WarmUps = 2;
    private const double BytesPerMiB = 1024 * 1024;

    private static readonly XmlWriterSettings PeerSettings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        NewLineHandling = NewLineHandling.None,
    };

    public string Question =>
        $"What do encoding and decoding a status answer with a file map of {Files} entries cost, against XmlWriter and XDocument?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var value = (XmlRpcStruct)Status().ToXmlRpc();
        var document = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(document, value);
        var bytes = document.WrittenMemory.ToArray();
        using var peerDocument = new MemoryStream(bytes.Length); // kept between documents, as ours is

        return
        [
            .. await Rounds.MeasureAsync(
                Quantities("encode"),
                () => Repeat(bytes.Length, Encode, cancellationToken),
                () => Repeat(bytes.Length, PeerEncode, cancellationToken),
                warmUps: WarmUps),
            .. await Rounds.MeasureAsync(
                Quantities("decode"),
                () => Repeat(bytes.Length, Decode, cancellationToken),
                () => Repeat(bytes.Length, PeerDecode, cancellationToken),
                warmUps: WarmUps),
        ];

        void Encode()
        {
            document.ResetWrittenCount();
            XmlRpcWriter.WriteResponse(document, value);
        }

        void PeerEncode()
        {
            peerDocument.SetLength(0);
            WriteResponse(peerDocument, value);
        }

        void Decode() => XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(bytes));

        void PeerDecode()
        {
            using var stream = new MemoryStream(bytes, writable: false);
            XDocument.Load(stream);
        }
    }

    private static Quantity[] Quantities(string way) =>
    [
        new(way, "MiB/s"),
        new($"memory allocated per {way}", "KiB") { IsCost = true },
    ];

    private static StatusReply Status() => new()
    {
        Status = BuilderStatus.Waiting,
        BuilderVersion = "0.1.0",
        BuildStatus = BuildStatus.Ok,
        BuildId = "PACKAGEBUILD-1",
        FileMap = Enumerable.Range(0, Files).ToDictionary(
            i => string.Create(CultureInfo.InvariantCulture, $"libexample{i}-dev_1.2.{i}-3+deb12u1_amd64.deb"),
            i => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))),
        Dependencies = "",
    };

    private static Task<double[]> Repeat(int documentBytes, Action action, CancellationToken cancellationToken)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Repetitions; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            action();
        }

        var elapsed = Stopwatch.GetElapsedTime(start);
        return Task.FromResult<double[]>(
        [
            Repetitions * documentBytes / BytesPerMiB / elapsed.TotalSeconds,
            (GC.GetAllocatedBytesForCurrentThread() - allocated) / 1024.0 / Repetitions,
        ]);
    }

    /// <summary>The same document with XmlWriter; of the types only those that a status has here.</summary>
    private static void WriteResponse(Stream output, XmlRpcStruct value)
    {
        using var xml = XmlWriter.Create(output, PeerSettings);
        xml.WriteStartDocument();
        xml.WriteStartElement("methodResponse");
        xml.WriteStartElement("params");
        xml.WriteStartElement("param");
        WriteValue(xml, value);
        xml.WriteEndDocument();
    }

    private static void WriteValue(XmlWriter xml, XmlRpcValue value)
    {
        xml.WriteStartElement("value");
        switch (value)
        {
            case XmlRpcString text:
                xml.WriteElementString("string", text.Value);
                break;
            case XmlRpcStruct members:
                xml.WriteStartElement("struct");
                foreach (var (name, member) in members)
                {
                    xml.WriteStartElement("member");
                    xml.WriteElementString("name", name);
                    WriteValue(xml, member);
                    xml.WriteEndElement();
                }

                xml.WriteEndElement();
                break;
            default:
                throw new BenchmarkException($"a status was not expected to have a {value.GetType().Name}");
        }

        xml.WriteEndElement();
    }
}
