using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.Store;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Archives;

/// <summary>What the commands of distributions and archives have in common.</summary>
internal static class Given
{
    internal const string Yes = BuilderOptions.Yes;

    /// <summary>An option for words, which may be given several times; <c>''</c> stands for none.</summary>
    internal static Option<string[]?> WordsOption(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName };

    internal static Option<string?> TextOption(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName };

    /// <summary>The words that were given, an empty one standing for none; null when none was given.</summary>
    internal static IReadOnlyList<string>? Words(ParseResult parsed, Option<string[]?> option) =>
        parsed.GetValue(option) is { Length: > 0 } words ? [.. words.Where(word => word.Length > 0)] : null;

    /// <summary>Whether yes was given; null when nothing was.</summary>
    internal static bool? IsYes(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } value ? value == Yes : null;

    /// <summary>What an empty text stands for: nothing.</summary>
    internal static string? OrNone(string text) => text.Length == 0 ? null : text;

    /// <summary>Writes a record as an object of JSON, with members of its columns.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="record">The record.</param>
    internal static void WriteObject<T>(Utf8JsonWriter json, IReadOnlyList<Column<T>> columns, T record)
    {
        json.WriteStartObject();
        WriteMembers(json, columns, record);
        json.WriteEndObject();
    }

    /// <inheritdoc cref="WriteObject"/>
    internal static void WriteMembers<T>(Utf8JsonWriter json, IReadOnlyList<Column<T>> columns, T record)
    {
        foreach (var column in columns)
            column.WriteJson(json, record);
    }

    /// <summary>Writes a line of what is shown of one thing; nothing where there is nothing.</summary>
    internal static void WriteLine(this FarmSession session, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
            session.Output.WriteLine($"{name + ":",-18} {Printable.Text(text)}");
    }

    internal static string YesNo(bool value) => value ? Yes : "no";

    /// <summary>Words for people; <c>-</c> for none.</summary>
    internal static string List(IReadOnlyList<string> words) => words.Count == 0 ? "-" : string.Join(',', words);
}
