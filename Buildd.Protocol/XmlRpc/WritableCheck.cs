using System.Xml;

namespace Buildd.Protocol.XmlRpc;

/// <summary>Finds what cannot be written. The texts of the first two mistakes are those of the reference.</summary>
internal static class WritableCheck
{
    /// <summary>One more than what is read, since <c>echo</c> wraps what it was given into one more array.</summary>
    private const int MaxDepth = XmlRpcLimits.MaxDepth + 1;

    /// <exception cref="XmlRpcWriteException">There is something.</exception>
    public static void Check(XmlRpcValue value)
    {
        if (FindMistake(value, depth: 0) is { } mistake)
            throw new XmlRpcWriteException(mistake);
    }

    /// <summary>
    /// Whether a struct can have that member and be read again by whoever gets it. Stricter than <see cref="Check"/>: the
    /// writer lets every character pass, as the reference's does, and some of them make the document unreadable.
    /// </summary>
    public static bool IsSafeMember(string name, XmlRpcValue value) =>
        IsXml(name) && FindMistake(value, depth: 1) is null && HasXmlTextOnly(value);

    private static string? FindMistake(XmlRpcValue value, int depth) => value switch
    {
        XmlRpcInteger integer when integer.Value < int.MinValue || integer.Value > int.MaxValue => "int exceeds XML-RPC limits",
        XmlRpcBigDecimal => "cannot marshal <class 'decimal.Decimal'> objects",
        XmlRpcArray or XmlRpcStruct when depth >= MaxDepth => $"arrays and structs are nested more than {MaxDepth} deep",
        XmlRpcArray array => FindMistakeIn(array, depth),
        XmlRpcStruct members => FindMistakeIn(members.Values, depth),
        _ => null,
    };

    private static string? FindMistakeIn(IEnumerable<XmlRpcValue> values, int depth)
    {
        foreach (var value in values)
        {
            if (FindMistake(value, depth + 1) is { } mistake)
                return mistake;
        }

        return null;
    }

    private static bool HasXmlTextOnly(XmlRpcValue value) => value switch
    {
        XmlRpcString text => IsXml(text.Value),
        XmlRpcDateTime time => IsXml(time.Text),
        XmlRpcArray array => array.All(HasXmlTextOnly),
        XmlRpcStruct members => members.All(member => IsXml(member.Key) && HasXmlTextOnly(member.Value)),
        _ => true,
    };

    /// <summary>Neither control characters but tab and line ends, nor half a surrogate pair.</summary>
    private static bool IsXml(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i]))
                continue;
            if (i + 1 == text.Length || !XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
                return false;
            i++;
        }

        return true;
    }
}
