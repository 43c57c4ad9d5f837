using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands;

/// <summary>How listings look: a table for people, JSON for programs.</summary>
internal static class Listing
{
    private const int Gap = 2;

    private static readonly JsonWriterOptions JsonOptions =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions LineOptions = JsonOptions with { Indented = false };

    /// <summary>Has a number refused that is too small or too large; what is no number is refused anyway.</summary>
    internal static void RequireRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            && (number < least || number > most))
            result.AddError($"{option.Name} is a number from {least} to {most}.");
    });

    internal static Option<bool> JsonOption() => new("--json") { Description = "Write JSON, for programs." };

    /// <summary>Writes rows with their columns below each other; the last column is as long as it likes.</summary>
    internal static void WriteTable(TextWriter output, IReadOnlyList<string> heading, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.Select(row => row.Select(cell => Printable.Text(cell).ReplaceLineEndings(" ")).ToList()).Prepend([.. heading])
            .ToList();
        var widths = heading.Select((_, column) => all.Max(row => row[column].Length)).ToList();
        foreach (var row in all)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Count; column++)
                line.Append(column == row.Count - 1 ? row[column] : row[column].PadRight(widths[column] + Gap));
            output.WriteLine(line.ToString().TrimEnd());
        }
    }

    /// <summary>Writes a list of things as a JSON array.</summary>
    internal static void WriteJson<T>(TextWriter output, IEnumerable<T> things, Action<Utf8JsonWriter, T> write) =>
        WriteJson(output, json =>
        {
            json.WriteStartArray();
            foreach (var thing in things)
                write(json, thing);
            json.WriteEndArray();
        });

    /// <summary>Writes one JSON document.</summary>
    internal static void WriteJson(TextWriter output, Action<Utf8JsonWriter> write) => output.WriteLine(ToJson(JsonOptions, write));

    /// <summary>Writes a JSON document for each of many things, in a line each.</summary>
    internal static void WriteJsonLines<T>(TextWriter output, IEnumerable<T> things, Action<Utf8JsonWriter, T> write) =>
        output.WriteLine(string.Join('\n', things.Select(thing => ToJson(LineOptions, json => write(json, thing)))));

    private static string ToJson(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, options))
            write(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time for people, in UTC as in the logs; <c>-</c> for none.</summary>
    internal static string Text(DateTimeOffset? time) =>
        time is { } known ? known.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "-";

    /// <summary>A length of time for people: <c>2 h 05 min</c>, <c>3 min 20 s</c>, <c>12 s</c>.</summary>
    internal static string Text(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min")
        : time.TotalMinutes >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s");
}
