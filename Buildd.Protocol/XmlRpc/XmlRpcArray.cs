using System.Collections;
using System.Runtime.CompilerServices;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// An array: any values, in order. Collection expressions make one: <c>XmlRpcArray a = [1, "two"];</c>
/// </summary>
[CollectionBuilder(typeof(XmlRpcArray), nameof(Create))]
public sealed class XmlRpcArray : XmlRpcValue, IReadOnlyList<XmlRpcValue>
{
    private readonly XmlRpcValue[] _items;

    /// <summary>Copies the items.</summary>
    /// <param name="items">The items; none is null.</param>
    /// <exception cref="ArgumentException">An item is null.</exception>
    public XmlRpcArray(IEnumerable<XmlRpcValue> items)
        : this(items.ToArray())
    {
    }

    private XmlRpcArray(XmlRpcValue[] items)
    {
        if (Array.IndexOf(items, null) >= 0)
            throw new ArgumentException("An item is null; use XmlRpcNil.", nameof(items));
        _items = items;
    }

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public XmlRpcValue this[int index] => _items[index];

    /// <summary>For collection expressions.</summary>
    /// <param name="items">The items; none is null.</param>
    /// <returns>The array.</returns>
    /// <exception cref="ArgumentException">An item is null.</exception>
    public static XmlRpcArray Create(ReadOnlySpan<XmlRpcValue> items) => new(items.ToArray());

    /// <inheritdoc/>
    public IEnumerator<XmlRpcValue> GetEnumerator() => ((IEnumerable<XmlRpcValue>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}
