using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>The way back from <see cref="ArgumentReader"/>: what is null or empty is left out.</summary>
internal sealed class ArgumentWriter
{
    private readonly List<KeyValuePair<string, XmlRpcValue>> _members = [];

    public ArgumentWriter Text(string name, string? text) => text is null ? this : Add(name, text);

    public ArgumentWriter Flag(string name, bool flag, bool always = false) => flag || always ? Add(name, flag) : this;

    public ArgumentWriter Texts(string name, IReadOnlyCollection<string>? texts) =>
        texts is { Count: > 0 } ? Add(name, new XmlRpcArray(texts.Select(text => (XmlRpcValue)text))) : this;

    public ArgumentWriter Members(string name, IReadOnlyDictionary<string, string> members) =>
        members.Count > 0 ? Add(name, Shape.FromTexts(members)) : this;

    public ArgumentWriter Base64Texts(string name, IReadOnlyList<ReadOnlyMemory<byte>> values) =>
        Texts(name, [.. values.Select(value => Convert.ToBase64String(value.Span))]);

    /// <summary>
    /// All that was written, and then others. Where both have a name, what was written wins; but for a flag that is not set, which says
    /// nothing.
    /// </summary>
    public XmlRpcStruct With(XmlRpcStruct others)
    {
        var said = _members.Where(member => member.Value is not XmlRpcBoolean { Value: false }).Select(member => member.Key)
            .ToHashSet(StringComparer.Ordinal);
        return new XmlRpcStruct(_members.Concat(others.Where(other => !said.Contains(other.Key))));
    }

    private ArgumentWriter Add(string name, XmlRpcValue value)
    {
        _members.Add(new(name, value));
        return this;
    }
}
