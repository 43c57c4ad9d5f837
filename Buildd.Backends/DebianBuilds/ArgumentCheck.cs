using Buildd.Linux.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>Checks arguments beyond their types. A <see cref="RefusedException"/> names the one that is wrong.</summary>
internal static class ArgumentCheck
{
    /// <summary>More would be no list of archives and keys but an attack on the disk.</summary>
    internal const int MaxListEntries = 1000;

    /// <summary>So much of a value that came from outside goes into a message.</summary>
    private const int MaxShownCharacters = 80;

    /// <summary>Reads a build's arguments with what both ends share.</summary>
    /// <exception cref="RefusedException">Something is missing or of another type.</exception>
    internal static T Read<T>(BuildRequest request, Func<XmlRpcStruct, string, T> fromXmlRpc)
    {
        try
        {
            return fromXmlRpc(request.Arguments, request.DefaultArchitecture);
        }
        catch (MessageFormatException e)
        {
            throw new RefusedException(e.Message.TrimEnd('.'), e);
        }
    }

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

    /// <summary>A text in one line, or null.</summary>
    internal static string? OneLine(string name, string? value) => value is null ? null : Line(name, value);

    /// <summary>Texts in one line each.</summary>
    internal static IReadOnlyList<string> Lines(string name, IReadOnlyList<string> lines)
    {
        Count(name, lines.Count, "entries");
        foreach (var line in lines)
            Line(name, line);
        return lines;
    }

    /// <summary>A number of entries that makes sense.</summary>
    internal static void Count(string name, int count, string entries)
    {
        if (count > MaxListEntries)
            throw new RefusedException($"the argument '{name}' has {count} {entries}; more than {MaxListEntries} make no sense");
    }

    /// <summary>Text from outside, fit for a message.</summary>
    internal static string Shown(string value) => Printable.Line(value, MaxShownCharacters);
}
