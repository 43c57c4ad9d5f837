using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// A struct: named members, in the order they were added, which is also the order on the wire. An initialiser makes
/// one: <c>new XmlRpcStruct { ["a"] = 1, ["b"] = "two" }</c>. Of two members with one name the later value counts, at
/// the earlier place, as in the reference.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "The format calls it a struct.")]
public sealed class XmlRpcStruct : XmlRpcValue, IReadOnlyDictionary<string, XmlRpcValue>
{
    private readonly OrderedDictionary<string, XmlRpcValue> _members;

    /// <summary>A struct without members, or the start of an initialiser.</summary>
    public XmlRpcStruct()
        : this(new OrderedDictionary<string, XmlRpcValue>(StringComparer.Ordinal))
    {
    }

    /// <summary>Copies the members.</summary>
    /// <param name="members">Names and values; none is null.</param>
    public XmlRpcStruct(IEnumerable<KeyValuePair<string, XmlRpcValue>> members)
        : this()
    {
        ArgumentNullException.ThrowIfNull(members);
        foreach (var (name, value) in members)
            this[name] = value;
    }

    /// <summary>Takes the dictionary over.</summary>
    internal XmlRpcStruct(OrderedDictionary<string, XmlRpcValue> members) => _members = members;

    /// <inheritdoc/>
    public int Count => _members.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _members.Keys;

    /// <inheritdoc/>
    public IEnumerable<XmlRpcValue> Values => _members.Values;

    /// <summary>The member of that name.</summary>
    /// <param name="key">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public XmlRpcValue this[string key]
    {
        get => _members[key];
        init => _members[key] = value ?? throw new ArgumentNullException(nameof(value), "Use XmlRpcNil.");
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _members.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out XmlRpcValue value) =>
        _members.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, XmlRpcValue>> GetEnumerator() => _members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
