using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Walks through the XML of a document and keeps its size in bounds. Takes time in proportion to the body's length and
/// never recurses.
/// </summary>
internal static class DocumentReader
{
    private const int ChunkChars = 4096;

    /// <summary>Reads the document.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="maxDepth">Arrays and structs inside one another.</param>
    /// <exception cref="XmlRpcReadException">It is none.</exception>
    public static Document Read(ReadOnlySequence<byte> body, int maxDepth)
    {
        if (body.Length > XmlRpcLimits.MaxBodyBytes)
        {
            throw new XmlRpcReadException(
                $"the body has {body.Length} bytes, more than the limit of {XmlRpcLimits.MaxBodyBytes}");
        }

        var builder = new DocumentBuilder(maxDepth);
        var place = new Place();
        try
        {
            Walk(body, builder, place);
        }
        catch (XmlException exception)
        {
            throw new XmlRpcReadException(XmlErrorText.For(exception, body, place), exception);
        }

        return builder.ToDocument();
    }

    private static void Walk(ReadOnlySequence<byte> body, DocumentBuilder builder, Place place)
    {
        using var stream = new BodyStream(body);
        using var xml = CreateXmlReader(stream);
        var chunk = ArrayPool<char>.Shared.Rent(ChunkChars);
        try
        {
            for (var elements = 0; ;)
            {
                stream.BeginToken();
                if (!xml.Read())
                    break;

                switch (xml.NodeType)
                {
                    case XmlNodeType.XmlDeclaration:
                        CheckAscii(xml.GetAttribute("encoding"), body);
                        break;
                    case XmlNodeType.Element:
                        CheckSize(++elements, xml.Depth);
                        place.RootSeen = true;
                        builder.Start(xml.LocalName);
                        if (xml.IsEmptyElement)
                        {
                            builder.End(xml.LocalName);
                            place.RootClosed = xml.Depth == 0;
                        }

                        break;
                    case XmlNodeType.EndElement:
                        builder.End(xml.LocalName);
                        place.RootClosed = xml.Depth == 0;
                        break;
                    case XmlNodeType.Text:
                    case XmlNodeType.CDATA:
                    case XmlNodeType.Whitespace:
                    case XmlNodeType.SignificantWhitespace:
                        ReadText(xml, stream, chunk, builder);
                        break;
                }
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chunk);
        }
    }

    private static XmlReader CreateXmlReader(BodyStream stream)
    {
        var names = new BoundedNameTable();
        var settings = new XmlReaderSettings
        {
            // Differs: the reference expands entities that the document declares itself. No client declares any, and
            // a few lines of them can expand to gigabytes.
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            CheckCharacters = true,
            MaxCharactersInDocument = XmlRpcLimits.MaxBodyBytes,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            NameTable = names,
        };
        var context = new XmlParserContext(names, new LenientNamespaces(names), null, XmlSpace.None);
        return XmlReader.Create(stream, settings, context);
    }

    /// <summary>Piece by piece: only the builder's buffer ever holds all of a long text.</summary>
    private static void ReadText(XmlReader xml, BodyStream stream, char[] chunk, DocumentBuilder builder)
    {
        while (true)
        {
            stream.BeginToken();
            var count = xml.ReadValueChunk(chunk, 0, ChunkChars);
            if (count == 0)
                return;
            builder.Append(chunk.AsSpan(0, count));
        }
    }

    /// <summary>System.Xml would read a question mark for each byte that doesn't belong there.</summary>
    private static void CheckAscii(string? encoding, ReadOnlySequence<byte> body)
    {
        if (encoding is null || !IsAscii(encoding))
            return;

        foreach (var segment in body)
        {
            if (!Ascii.IsValid(segment.Span))
                throw new XmlRpcReadException($"a body that is declared {encoding} has other bytes in it");
        }
    }

    private static bool IsAscii(string encoding)
    {
        try
        {
            return Encoding.GetEncoding(encoding).CodePage == Encoding.ASCII.CodePage;
        }
        catch (ArgumentException)
        {
            // System.Xml knows some that the rest of .NET doesn't (UCS-4), and refuses what it doesn't know itself.
            return false;
        }
    }

    private static void CheckSize(int elements, int depth)
    {
        if (elements > XmlRpcLimits.MaxElements)
        {
            throw new XmlRpcReadException(
                $"the document has more elements than the limit of {XmlRpcLimits.MaxElements}");
        }

        if (depth >= XmlRpcLimits.MaxElementDepth)
        {
            throw new XmlRpcReadException(string.Create(
                CultureInfo.InvariantCulture,
                $"elements are nested {depth + 1} deep, more than the limit of {XmlRpcLimits.MaxElementDepth}"));
        }
    }

    /// <summary>How far the document had come when the parser gave up.</summary>
    internal sealed class Place
    {
        /// <summary>The first element has begun.</summary>
        public bool RootSeen { get; set; }

        /// <summary>The first element has ended.</summary>
        public bool RootClosed { get; set; }
    }
}
