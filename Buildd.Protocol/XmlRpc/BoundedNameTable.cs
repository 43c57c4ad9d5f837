using System.Xml;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// The parser keeps every name it meets, once; this keeps it from meeting too many
/// (<see cref="XmlRpcLimits.MaxNames"/>).
/// </summary>
internal sealed class BoundedNameTable : XmlNameTable
{
    private readonly NameTable _names = new();
    private int _count;

    /// <inheritdoc/>
    public override string Add(char[] array, int offset, int length) =>
        _names.Get(array, offset, length) ?? Keep(_names.Add(array, offset, length));

    /// <inheritdoc/>
    public override string Add(string array) => _names.Get(array) ?? Keep(_names.Add(array));

    /// <inheritdoc/>
    public override string? Get(char[] array, int offset, int length) => _names.Get(array, offset, length);

    /// <inheritdoc/>
    public override string? Get(string array) => _names.Get(array);

    private string Keep(string name)
    {
        if (++_count > XmlRpcLimits.MaxNames)
            throw new XmlRpcReadException($"the document has more names than the limit of {XmlRpcLimits.MaxNames}");
        return name;
    }
}
