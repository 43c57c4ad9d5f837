using Buildd.Cli.Application;
using Buildd.Protocol.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Application;

/// <summary>What slaves say becomes a line of the log, and nothing else.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FarmLogFormatterTests
{
    [TestCase("a\u001b]0;PWNED\u0007b\u001b[2J")]
    [TestCase("c\r2026-11-29T22:29:25Z info: forged line")]
    [TestCase("c\n2026-11-29T22:29:25Z info: forged line")]
    [TestCase("d\u009b31m\u202eesrever")]
    public void Nothing_of_a_slaves_words_commands_a_terminal_or_begins_a_line(string words)
    {
        foreach (
            var text in (
                string[])[Write(words), Write("x", new SlaveProtocolException(words)), Write("x", new InvalidOperationException(words))])
        {
            Assert.That(text, Does.EndWith("\n").And.Contain(words[..1]));
            Assert.That(text[..^1].Any(c => char.IsControl(c) || c == '\u202e'), Is.False, text);
        }
    }

    [Test]
    public void A_URL_loses_its_password() => Assert.That(
        Write("bob at http://user:planted@builder/ and", new IOException("http://u:planted@x/")),
        Does.Contain("bob at http://builder/ and http://x/").And.Not.Contain("planted"));

    [Test]
    public void Trouble_with_others_is_told_in_their_words_and_a_mistake_with_its_place()
    {
        var down = new SlaveConnectionException("status at http://bob/: the connection failed", new IOException("refused"));

        Assert.That(Write("Look failed:", down), Does.EndWith("Look failed: status at http://bob/: the connection failed (refused)\n"));
        Assert.That(Write("Look failed:", down, isVerbose: true), Does.Contain("SlaveConnectionException"));
        Assert.That(Write("x", new InvalidOperationException("mistake")), Does.Contain("System.InvalidOperationException: mistake"));
    }

    [Test]
    public void A_line_has_its_time_level_and_source() => Assert.That(
        Write("text"), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ warn: Some\.Category\[7\] text\n$"));

    private static string Write(string message, Exception? exception = null, bool isVerbose = false)
    {
        using var output = new StringWriter();
        new FarmLogFormatter(Options.Create(new FarmLogOptions { IsVerbose = isVerbose }), TimeProvider.System).Write(
            new LogEntry<string>(LogLevel.Warning, "Some.Category", new EventId(7), message, exception, (state, _) => state), null, output);
        return output.ToString();
    }
}
