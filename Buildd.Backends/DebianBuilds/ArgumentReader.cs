using Buildd.Linux.Text;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;

namespace Buildd.Backends.DebianBuilds;

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
        XmlRpcArray array =>
            [.. array.Select(item => item is XmlRpcString text ? text.Value : throw Wrong(name, "an array of strings", item))],
        var other => throw Wrong(name, "an array of strings", other),
    };

    /// <summary>Whether the argument is given.</summary>
    internal bool Has(string name) => Find(name) is not null;

    /// <summary>A text in one line, or null.</summary>
    internal string? OneLine(string name) => Text(name) is { } text ? Line(name, text) : null;

    /// <summary>An array of texts in one line each; empty when not given.</summary>
    internal IReadOnlyList<string> Lines(string name)
    {
        var lines = Texts(name) ?? [];
        if (lines.Count > DebianArguments.MaxListEntries)
            throw new RefusedException(
                $"the argument '{name}' has {lines.Count} entries; more than {DebianArguments.MaxListEntries} make no sense");
        foreach (var line in lines)
            Line(name, line);
        return lines;
    }

    /// <summary>A struct of strings, in its order; empty when not given.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Members(string name) => Find(name) switch
    {
        null => [],
        XmlRpcStruct members when members.Count > DebianArguments.MaxListEntries =>
            throw new RefusedException(
                $"the argument '{name}' has {members.Count} members; more than {DebianArguments.MaxListEntries} make no sense"),
        XmlRpcStruct members => [.. members.Select(member => member.Value is XmlRpcString text
            ? KeyValuePair.Create(member.Key, text.Value)
            : throw Wrong(name, "a struct of strings", member.Value))],
        var other => throw Wrong(name, "a struct of strings", other),
    };

    /// <summary>A name that becomes part of file names.</summary>
    internal static string Name(string name, string value) =>
        value.Length > 0 && char.IsAsciiLetterOrDigit(value[0])
            && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_' or '@')
            ? value
            : throw new RefusedException(
                $"the argument '{name}' is '{Shown(value)}'; it has to begin with a letter or digit and to have only those and '-+._@' "
                    + "in it");

    /// <summary>A name that programs get as an argument and that becomes part of file names.</summary>
    internal static string Word(string name, string value) =>
        value.Length > 0 && char.IsAsciiLetterOrDigit(value[0])
            && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_')
            ? value
            : throw new RefusedException($"the argument '{name}' is '{Shown(value)}', which is no name of a suite or an architecture");

    /// <summary>A text that stands in one line of a file.</summary>
    internal static string Line(string name, string value) =>
        value.Any(char.IsControl) ? throw new RefusedException($"the argument '{name}' has a control character in it") : value;

    /// <summary>What came from outside, fit for a message.</summary>
    internal static string Shown(string value) => Printable.Line(value, MaxShownCharacters);

    private XmlRpcValue? Find(string name) => arguments.TryGetValue(name, out var value) && value is not XmlRpcNil ? value : null;

    private static RefusedException Wrong(string name, string wanted, XmlRpcValue found) =>
        new($"the argument '{name}' has to be {wanted}, and is {found.GetType().Name}");
}
