namespace Buildd.Protocol.XmlRpc;

/// <summary>What the name of an element says.</summary>
internal enum ElementKind
{
    /// <summary>Nothing; also <c>param</c>, <c>member</c>, <c>data</c> and the roots, which carry no meaning.</summary>
    Unknown,
    Value,
    String,
    Integer,
    Double,
    BigDecimal,
    Boolean,
    DateTime,
    Base64,
    Nil,
    Array,
    Struct,
    Name,
    MethodName,
    Params,
    Fault,
}

/// <summary>Names of elements, those of common extensions included.</summary>
internal static class Elements
{
    /// <summary>What the name says; namespace prefixes have been dropped.</summary>
    public static ElementKind KindOf(string localName) => localName switch
    {
        "value" => ElementKind.Value,
        "string" => ElementKind.String,
        "int" or "i1" or "i2" or "i4" or "i8" or "biginteger" => ElementKind.Integer,
        "double" or "float" => ElementKind.Double,
        "bigdecimal" => ElementKind.BigDecimal,
        "boolean" => ElementKind.Boolean,
        "dateTime.iso8601" => ElementKind.DateTime,
        "base64" => ElementKind.Base64,
        "nil" => ElementKind.Nil,
        "array" => ElementKind.Array,
        "struct" => ElementKind.Struct,
        "name" => ElementKind.Name,
        "methodName" => ElementKind.MethodName,
        "params" => ElementKind.Params,
        "fault" => ElementKind.Fault,
        _ => ElementKind.Unknown,
    };
}
