using System.Buffers;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Puts a document together from its elements and text. An element counts by its name, wherever it stands: scalars take
/// the text that came since the last opening tag, arrays and structs what was completed since their own.
/// </summary>
/// <param name="maxDepth">Arrays and structs inside one another.</param>
internal sealed class DocumentBuilder(int maxDepth)
{
    private readonly ArrayBufferWriter<char> _text = new();
    private readonly Stack<Container> _open = new();
    private readonly List<XmlRpcValue> _values = [];
    private int _count;
    private DocumentKind? _kind;
    private string? _methodName;

    /// <summary>A value element has begun, and no other since: its text, if any, is a string.</summary>
    private bool _valueIsBare;

    /// <summary>An element begins.</summary>
    /// <exception cref="XmlRpcReadException">It is no type, or nested too deep.</exception>
    public void Start(string name)
    {
        var kind = Elements.KindOf(name);
        if (_valueIsBare && kind == ElementKind.Unknown)
            throw new XmlRpcReadException($"ResponseError(\"unknown tag {PythonText.Repr(name)}\")");
        _text.ResetWrittenCount();
        _valueIsBare = kind == ElementKind.Value;

        if (kind is ElementKind.Array or ElementKind.Struct)
        {
            if (_open.Count >= maxDepth)
            {
                throw new XmlRpcReadException(
                    $"arrays and structs are nested {_open.Count + 1} deep, more than the limit of {maxDepth}");
            }

            _open.Push(kind == ElementKind.Array ? new ArrayContainer() : new StructContainer());
        }
    }

    /// <summary>Text inside the current element.</summary>
    public void Append(ReadOnlySpan<char> text) => _text.Write(text);

    /// <summary>An element ends.</summary>
    /// <exception cref="XmlRpcReadException">What was in it is not what belongs there.</exception>
    public void End(string name)
    {
        var text = _text.WrittenSpan;
        switch (Elements.KindOf(name))
        {
            case ElementKind.Value:
                if (_valueIsBare)
                    Add(new XmlRpcString(text.ToString()));
                _valueIsBare = false;
                break;
            case ElementKind.String:
                Add(new XmlRpcString(text.ToString()));
                break;
            case ElementKind.Integer:
                Add(new XmlRpcInteger(PythonNumber.ParseInteger(text)));
                break;
            case ElementKind.Double:
                Add(new XmlRpcDouble(PythonNumber.ParseDouble(text)));
                break;
            case ElementKind.BigDecimal:
                Add(new XmlRpcBigDecimal(PythonNumber.ParseBigDecimal(text)));
                break;
            case ElementKind.Boolean:
                Add(new XmlRpcBoolean(text switch
                {
                    "0" => false,
                    "1" => true,
                    _ => throw new XmlRpcReadException("bad boolean value"),
                }));
                break;
            case ElementKind.DateTime:
                Add(new XmlRpcDateTime(text.Trim().ToString()));
                break;
            case ElementKind.Base64:
                Add(new XmlRpcBase64(LenientBase64.Decode(text)));
                break;
            case ElementKind.Nil:
                Add(XmlRpcNil.Instance);
                break;
            case ElementKind.Array:
            case ElementKind.Struct:
                Add(_open.Pop().ToValue());
                break;
            case ElementKind.Name:
                // Differs: the reference takes a name for a string wherever it stands. Nobody sends one elsewhere.
                if (!_open.TryPeek(out var container))
                    throw new XmlRpcReadException("a name stands outside of a struct");
                container.SetName(text.ToString());
                break;
            case ElementKind.MethodName:
                _methodName = text.ToString();
                _kind = DocumentKind.MethodName;
                break;
            case ElementKind.Params:
                _kind = DocumentKind.Params;
                break;
            case ElementKind.Fault:
                _kind = DocumentKind.Fault;
                break;
            case ElementKind.Unknown:
                break;
        }
    }

    /// <summary>The document has ended.</summary>
    /// <exception cref="XmlRpcReadException">Nothing in it made it a call, an answer or a fault.</exception>
    public Document ToDocument() =>
        new(_kind ?? throw new XmlRpcReadException("ResponseError()"), _methodName, _values);

    private void Add(XmlRpcValue value)
    {
        if (++_count > XmlRpcLimits.MaxValues)
            throw new XmlRpcReadException($"the document has more values than the limit of {XmlRpcLimits.MaxValues}");

        if (_open.TryPeek(out var container))
            container.Add(value);
        else
            _values.Add(value);
    }

    /// <summary>An array or struct that has not ended yet.</summary>
    private abstract class Container
    {
        public abstract void SetName(string name);

        public abstract void Add(XmlRpcValue value);

        public abstract XmlRpcValue ToValue();
    }

    private sealed class ArrayContainer : Container
    {
        private readonly List<XmlRpcValue> _items = [];

        public override void SetName(string name) => throw new XmlRpcReadException("a name stands in an array");

        public override void Add(XmlRpcValue value) => _items.Add(value);

        public override XmlRpcValue ToValue() => new XmlRpcArray(_items);
    }

    private sealed class StructContainer : Container
    {
        private readonly OrderedDictionary<string, XmlRpcValue> _members = new(StringComparer.Ordinal);
        private string? _name;

        public override void SetName(string name)
        {
            if (_name is not null)
                throw WithoutValue();
            _name = name;
        }

        public override void Add(XmlRpcValue value)
        {
            _members[_name ?? throw new XmlRpcReadException("a struct has a value without a name")] = value;
            _name = null;
        }

        public override XmlRpcValue ToValue() => _name is null ? new XmlRpcStruct(_members) : throw WithoutValue();

        private XmlRpcReadException WithoutValue() =>
            new($"a struct has the name {PythonText.Repr(_name)} without a value");
    }
}
