using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Buildd.Linux.Text;

namespace Buildd.Daemon.Logging;

/// <summary>Writes one entry of the log as a line, or as several that can't be taken for other entries.</summary>
/// <remarks>
/// What is logged holds text from outside: names of builds, reasons of failures. So nothing in it that is not printable
/// leaves here as it came, and only the first line of an entry begins at the margin.
/// </remarks>
internal static class LogLine
{
    /// <summary>How much of one message or exception is kept, in characters.</summary>
    internal const int MaxLength = 16 * 1024;

    private const string Margin = "      ";

    /// <summary>The priorities of syslog(3), which journald reads in front of a line.</summary>
    internal static int PriorityOf(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    /// <summary>The form for people.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="forJournal">With a priority before each line and without the time, which the journal adds itself.</param>
    internal static void WriteText(IBufferWriter<byte> output, LogEntry entry, bool forJournal)
    {
        var prefix = forJournal ? Prefix(entry.Level) : "";
        var time = forJournal ? "" : entry.Time.ToString("yyyy-MM-dd HH:mm:sszzz ", CultureInfo.InvariantCulture);
        var text = new StringBuilder()
            .Append(prefix).Append(time).Append(WordFor(entry.Level)).Append(' ').Append(entry.Source).Append(": ");
        AppendLine(text, entry.Message);
        if (entry.Exception is { } exception)
        {
            foreach (var line in Shorten(exception).Split('\n'))
                AppendLine(text.Append(prefix).Append(Margin), line.TrimEnd());
        }

        Encoding.UTF8.GetBytes(text.ToString(), output);
    }

    /// <summary>The form for programs: one object, all of it in ASCII.</summary>
    internal static void WriteJson(IBufferWriter<byte> output, LogEntry entry, bool forJournal)
    {
        if (forJournal)
            output.Write(Encoding.ASCII.GetBytes(Prefix(entry.Level)));
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time);
            json.WriteString("level", WordFor(entry.Level));
            json.WriteString("source", entry.Source);
            json.WriteString("message", Shorten(entry.Message));
            if (entry.Values.Count > 0)
            {
                json.WriteStartObject("values");
                foreach (var (name, value) in entry.Values)
                    WriteValue(json, name, value);
                json.WriteEndObject();
            }

            if (entry.Exception is { } exception)
                json.WriteString("exception", Shorten(exception));
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case bool truth:
                json.WriteBoolean(name, truth);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            default:
                json.WriteString(name, Shorten(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
                break;
        }
    }

    private static string Prefix(LogLevel level) => $"<{PriorityOf(level)}>";

    private static string WordFor(LogLevel level) => level switch
    {
        LogLevel.Critical => "critical",
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };

    private static string Shorten(string text) => text.Length <= MaxLength
        ? text
        : $"{text.AsSpan(0, MaxLength)}... (and {text.Length - MaxLength} more characters)";

    private static void AppendLine(StringBuilder output, string text) => output.Append(Printable.Escaped(Shorten(text))).Append('\n');
}
