using System.Buffers;
using System.Text;
using System.Text.Json;
using Buildd.Daemon.Logging;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Logging;

[Parallelizable(ParallelScope.All)]
public sealed class LogLineTests
{
    private static readonly DateTimeOffset Time = new(2024, 2, 3, 4, 5, 6, 789, TimeSpan.FromHours(-3));

    [Test]
    public void A_line_for_people_has_time_level_source_and_message() =>
        Assert.That(Text("all is well"), Is.EqualTo("2024-02-03 04:05:06-03:00 info Some.Source: all is well\n"));

    [TestCase(LogLevel.Critical, "<2>critical")]
    [TestCase(LogLevel.Error, "<3>error")]
    [TestCase(LogLevel.Warning, "<4>warning")]
    [TestCase(LogLevel.Information, "<6>info")]
    [TestCase(LogLevel.Debug, "<7>debug")]
    [TestCase(LogLevel.Trace, "<7>debug")]
    public void A_line_for_the_journal_has_a_priority_and_no_time(LogLevel level, string start) =>
        Assert.That(Text("message", level: level, forJournal: true), Is.EqualTo($"{start} Some.Source: message\n"));

    [TestCase("a\n2024-02-03 04:05:06-03:00 info Some.Source: forged", @"a\n2024-02-03 04:05:06-03:00 info Some.Source: forged")]
    [TestCase("a\r\n<0>forged", @"a\u000d\n<0>forged")]
    [TestCase("\u001b[2J\a\0", @"\u001b[2J\u0007\u0000")]
    [TestCase("\u007f\u0085\u009b31m", @"\u007f\u0085\u009b31m")]
    [TestCase("a\u2028b\u2029c", @"a\u2028b\u2029c")]
    [TestCase("\u202egnp.exe\u2066\u200f", @"\u202egnp.exe\u2066\u200f")]
    [TestCase("tab\tgrüße 漢字 \U0001F600", "tab\tgrüße 漢字 \U0001F600")]
    public void Text_from_outside_can_not_look_like_another_line(string message, string shown)
    {
        Assert.That(Text(message), Is.EqualTo($"2024-02-03 04:05:06-03:00 info Some.Source: {shown}\n"));
        Assert.That(Text(message, forJournal: true), Is.EqualTo($"<6>info Some.Source: {shown}\n"));
    }

    [Test]
    public void Half_a_surrogate_pair_is_no_trouble() => Assert.That(Text("half " + '\ud800'), Does.EndWith("half \ufffd\n"));

    [Test]
    public void The_lines_of_an_exception_stand_in_from_the_margin()
    {
        const string Exception = "System.IO.IOException: one\r\n2024-02-03 forged\u001b\n   at Somewhere()";

        Assert.That(Text("it broke", exception: Exception), Is.EqualTo(
            "2024-02-03 04:05:06-03:00 info Some.Source: it broke\n"
            + "      System.IO.IOException: one\n      2024-02-03 forged\\u001b\n         at Somewhere()\n"));
        Assert.That(Text("it broke", exception: Exception, forJournal: true).Split('\n')[..^1], Has.All.StartsWith("<6>"));
    }

    [Test]
    public void What_is_too_long_is_cut_and_says_so()
    {
        var line = Text(new string('x', LogLine.MaxLength + 5));

        Assert.That(line, Does.EndWith("xxx... (and 5 more characters)\n"));
        Assert.That(line, Has.Length.LessThan(LogLine.MaxLength + 200));
    }

    [Test]
    public void A_line_for_programs_is_one_object_with_the_values_on_their_own()
    {
        var line = Json(new LogEntry(
            Time, LogLevel.Error, "Some.Source", "Build a\nb ended after 3",
            [new("BuildId", "a\nb\u001b"), new("Count", 3), new("Size", 5_000_000_000L), new("Good", true), new("None", null), new("After",
                TimeSpan.FromSeconds(1))],
            "System.Exception: x\n   at y"));

        Assert.That(line.TrimEnd('\n'), Does.Not.Contain("\n").And.Not.Contain("\u001b"));
        using var json = JsonDocument.Parse(line);
        var values = json.RootElement.GetProperty("values");
        Assert.Multiple(() =>
        {
            Assert.That(json.RootElement.GetProperty("time").GetDateTimeOffset(), Is.EqualTo(Time));
            Assert.That(json.RootElement.GetProperty("level").GetString(), Is.EqualTo("error"));
            Assert.That(json.RootElement.GetProperty("source").GetString(), Is.EqualTo("Some.Source"));
            Assert.That(json.RootElement.GetProperty("message").GetString(), Is.EqualTo("Build a\nb ended after 3"));
            Assert.That(json.RootElement.GetProperty("exception").GetString(), Is.EqualTo("System.Exception: x\n   at y"));
            Assert.That(values.GetProperty("BuildId").GetString(), Is.EqualTo("a\nb\u001b"));
            Assert.That(values.GetProperty("Count").GetInt32(), Is.EqualTo(3));
            Assert.That(values.GetProperty("Size").GetInt64(), Is.EqualTo(5_000_000_000));
            Assert.That(values.GetProperty("Good").GetBoolean());
            Assert.That(values.GetProperty("None").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(values.GetProperty("After").GetString(), Is.EqualTo("00:00:01"));
        });
    }

    [Test]
    public void An_object_for_the_journal_has_its_priority_before_it() =>
        Assert.That(Json(new LogEntry(Time, LogLevel.Warning, "S", "m", [], null), forJournal: true), Does.StartWith("<4>{"));

    private static string Text(string message, string? exception = null, LogLevel level = LogLevel.Information, bool forJournal = false)
    {
        var output = new ArrayBufferWriter<byte>();
        LogLine.WriteText(output, new LogEntry(Time, level, "Some.Source", message, [], exception), forJournal);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static string Json(LogEntry entry, bool forJournal = false)
    {
        var output = new ArrayBufferWriter<byte>();
        LogLine.WriteJson(output, entry, forJournal);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
