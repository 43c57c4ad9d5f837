using System.Buffers;
using System.Globalization;

namespace Buildd.Protocol.XmlRpc;

/// <summary>Turns bytes into calls and answers. Has no state: any thread may call, also at the same time.</summary>
/// <remarks>
/// As liberal as the reference, that is, Python's <c>xmlrpc.client</c> upon an XML parser: any declared encoding that
/// is UTF-8, UTF-16, UTF-32, Latin-1 or US-ASCII; elements count wherever they stand, with or without <c>param</c>,
/// <c>params</c> and <c>data</c>, and whatever their namespace prefix; comments, processing instructions and unknown
/// elements outside of values are skipped. On top come the <see cref="XmlRpcLimits"/>.
/// <para>
/// Differs: Python decodes some hundred further encodings, takes any version of XML, and names with several colons;
/// System.Xml doesn't, and nobody sends them.
/// </para>
/// </remarks>
public static class XmlRpcReader
{
    /// <summary>Reads a method call.</summary>
    /// <param name="body">The whole document.</param>
    /// <returns>The call.</returns>
    /// <exception cref="XmlRpcReadException">It is no proper call.</exception>
    public static XmlRpcCall ReadCall(ReadOnlySequence<byte> body)
    {
        var document = DocumentReader.Read(body, XmlRpcLimits.MaxDepth);
        if (document.Kind == DocumentKind.Fault)
        {
            var fault = ToFault(document);
            var code = fault.Code.ToString(CultureInfo.InvariantCulture);
            throw new XmlRpcReadException($"<Fault {code}: {PythonText.Repr(fault.Message)}>");
        }

        // Differs: the reference answers HTTP 500 with a page of HTML, which no XML-RPC client can read.
        if (string.IsNullOrEmpty(document.MethodName))
            throw new XmlRpcReadException("the call has no method name");
        return new XmlRpcCall(document.MethodName, document.Values);
    }

    /// <summary>Reads the answer to a call.</summary>
    /// <param name="body">The whole document.</param>
    /// <returns>The result.</returns>
    /// <exception cref="XmlRpcReadException">It is no proper answer.</exception>
    /// <exception cref="XmlRpcFaultException">It is a fault.</exception>
    public static XmlRpcValue ReadResponse(ReadOnlySequence<byte> body)
    {
        // One level more than in a call: echo wraps what it was given into an array.
        var document = DocumentReader.Read(body, XmlRpcLimits.MaxDepth + 1);
        if (document.Kind == DocumentKind.Fault)
            throw new XmlRpcFaultException(ToFault(document));
        if (document.MethodName is not null)
            throw new XmlRpcReadException("a call stands where an answer was expected");
        return document.Values is [var result]
            ? result
            : throw new XmlRpcReadException($"the answer has {document.Values.Count} values instead of one");
    }

    private static XmlRpcFault ToFault(Document document)
    {
        if (document.Values is [XmlRpcStruct members]
            && members.TryGetValue(FaultMembers.Code, out var code)
            && code is XmlRpcInteger { Value: var number } && number >= int.MinValue && number <= int.MaxValue
            && members.TryGetValue(FaultMembers.String, out var text)
            && text is XmlRpcString { Value: var message })
        {
            return new XmlRpcFault((int)number, message);
        }

        throw new XmlRpcReadException("a fault has no proper code and text");
    }
}
