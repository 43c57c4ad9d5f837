namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// How much of everything is taken. Hitting a limit is an <see cref="XmlRpcReadException"/> that says which and, where
/// the rest has been looked at, by how much.
/// </summary>
/// <remarks>
/// Differs: the reference has no limits but that on integers, so that one request can take all of its memory. These are
/// chosen far above what its known clients send.
/// </remarks>
public static class XmlRpcLimits
{
    /// <summary>
    /// Bytes of one document, 16 MiB. The largest known is a build call with its file map and archive keys, well below
    /// 1 MiB. Whoever receives a body stops reading here.
    /// </summary>
    public const int MaxBodyBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Arrays and structs inside one another, 100. The deepest known document (a status with CI jobs) has 4. An answer
    /// may have one more, because <c>echo</c> wraps its arguments.
    /// </summary>
    public const int MaxDepth = 100;

    /// <summary>
    /// Values of one document, the inner ones included: 100,000. A file map of 1,000 files has 1,001.
    /// </summary>
    public const int MaxValues = 100_000;

    /// <summary>Digits of an integer, 4300: Python's own limit, since conversion takes quadratic time.</summary>
    public const int MaxIntegerDigits = 4300;

    /// <summary>
    /// XML elements of one document, known or not: 500,000. A struct's member has 4, and that for
    /// <see cref="MaxValues"/>, with room for the rest.
    /// </summary>
    public const int MaxElements = 5 * MaxValues;

    /// <summary>
    /// XML elements inside one another: 512. Each array or struct accounts for 4 at most, and the rest is room for
    /// wrappers that nobody knows.
    /// </summary>
    public const int MaxElementDepth = 512;

    /// <summary>
    /// Distinct names of elements, attributes and namespaces in one document: 1,000. XML-RPC has about 30; names of
    /// struct members are text and don't count.
    /// </summary>
    public const int MaxNames = 1000;

    /// <summary>
    /// Bytes of one tag, comment, processing instruction, entity reference or CDATA section, 1 MiB, give or take what
    /// the parser reads ahead. XML-RPC has no attributes, so tags are short; the parser holds all attributes of a tag,
    /// and all of a CDATA section, in memory at once. Plain text is not limited.
    /// </summary>
    public const int MaxMarkupBytes = 1024 * 1024;
}
