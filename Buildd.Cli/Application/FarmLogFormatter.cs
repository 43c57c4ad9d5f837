using System.Globalization;
using System.Net.Sockets;
using Buildd.Linux.Text;
using Buildd.Master;
using Buildd.Protocol;
using Buildd.Protocol.Secrets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Buildd.Cli.Application;

/// <summary>
/// Writes each entry of the log as one line that can't be taken for another one. Entries hold what slaves, packages and people said: so
/// nothing in a line commands a terminal, and no URL in it has credentials.
/// </summary>
internal sealed class FarmLogFormatter(IOptions<FarmLogOptions> options, TimeProvider time) : ConsoleFormatter(FormatterName)
{
    internal const string FormatterName = "farm";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } exception)
            text += $" {(options.Value.IsVerbose || !IsExpected(exception) ? exception.ToString() : MessagesOf(exception))}";
        var origin = string.Create(CultureInfo.InvariantCulture, $"{logEntry.Category}[{logEntry.EventId.Id}]");
        var now = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        textWriter.WriteLine($"{now} {WordFor(logEntry.LogLevel)}: {origin} {Clean(text)}");
    }

    private static string Clean(string text) => Printable.Escaped(UrlCredentials.Without(text.ReplaceLineEndings(" ")));

    /// <summary>Trouble of a slave, a disk or the network is logged in its own words; the place in the program says nothing more.</summary>
    private static bool IsExpected(Exception exception) =>
        exception is MasterException or ProtocolException or IOException or SocketException or HttpRequestException or TimeoutException;

    private static string MessagesOf(Exception exception)
    {
        var text = exception.Message;
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (!text.Contains(inner.Message, StringComparison.Ordinal))
                text += $" ({inner.Message})";
        }

        return text;
    }

    private static string WordFor(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit",
        LogLevel.Error => "fail",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        LogLevel.Debug => "dbug",
        _ => "trce",
    };
}

/// <summary>The form of the log.</summary>
internal sealed class FarmLogOptions : ConsoleFormatterOptions
{
    /// <summary>Whether trouble with others is told with where in the program it was noticed.</summary>
    public bool IsVerbose { get; set; }
}
