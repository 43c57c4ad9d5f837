using Buildd.Protocol.XmlRpc;
using Buildd.Slave;

namespace Buildd.Backends.Phases;

/// <summary>Reads a build's arguments by name, once, into typed values. Names it is not asked for are ignored.</summary>
/// <remarks>nil counts as not given. Every method throws <see cref="RefusedException"/> for a value of another type.</remarks>
internal sealed class ArgumentReader(XmlRpcStruct arguments)
{
    /// <summary>So much of a value that came from outside goes into a message.</summary>
    private const int MaxShownCharacters = 80;

    internal string RequiredText(string name) =>
        Text(name) ?? throw new RefusedException($"the argument '{name}' is missing");

    internal string? Text(string name) => Find(name) switch
    {
        null => null,
        XmlRpcString text => text.Value,
        var other => throw Wrong(name, "a string", other),
    };

    /// <summary>A boolean; older masters send 0 and 1.</summary>
    internal bool Flag(string name) => Find(name) switch
    {
        null => false,
        XmlRpcBoolean flag => flag.Value,
        XmlRpcInteger number => !number.Value.IsZero,
        var other => throw Wrong(name, "a boolean", other),
    };

    /// <summary>An array of strings; null when not given, which is not the same as an empty one.</summary>
    internal IReadOnlyList<string>? Texts(string name) => Find(name) switch
    {
        null => null,
        XmlRpcArray array => [.. array.Select(item => item is XmlRpcString text ? text.Value : throw Wrong(name, "an array of strings", item))],
        var other => throw Wrong(name, "an array of strings", other),
    };

    /// <summary>A name that programs get as an argument and that becomes part of file names.</summary>
    internal static string Word(string name, string value) =>
        value.Length > 0 && char.IsAsciiLetterOrDigit(value[0]) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_')
            ? value
            : throw new RefusedException($"the argument '{name}' is '{Shown(value)}', which is no name of a suite or an architecture");

    /// <summary>A text that stands in one line of a file.</summary>
    internal static string Line(string name, string value) =>
        value.Any(char.IsControl) ? throw new RefusedException($"the argument '{name}' has a control character in it") : value;

    /// <summary>What came from outside, fit for a message.</summary>
    internal static string Shown(string value) => new([.. value.Take(MaxShownCharacters).Select(c => char.IsControl(c) ? '?' : c)]);

    private XmlRpcValue? Find(string name) => arguments.TryGetValue(name, out var value) && value is not XmlRpcNil ? value : null;

    private static RefusedException Wrong(string name, string wanted, XmlRpcValue found) =>
        new($"the argument '{name}' has to be {wanted}, and is {found.GetType().Name}");
}
