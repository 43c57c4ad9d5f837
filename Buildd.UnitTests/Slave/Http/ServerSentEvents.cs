using System.Globalization;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>An event as a client understands it.</summary>
internal sealed record ServerSentEvent(long Id, string Name, string Data);

/// <summary>Reads <c>text/event-stream</c> as the HTML standard says.</summary>
internal static class ServerSentEvents
{
    internal static IReadOnlyList<ServerSentEvent> Parse(string stream)
    {
        var events = new List<ServerSentEvent>();
        var (id, name, data) = (0L, "message", new List<string>());
        foreach (var line in stream.Split('\n')[..^1])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            switch (line.Length == 0 ? null : colon < 0 ? line : line[..colon])
            {
                case null:
                    if (data.Count > 0)
                        events.Add(new ServerSentEvent(id, name, string.Join('\n', data)));
                    (name, data) = ("message", []);
                    break;
                case "id":
                    id = long.Parse(Value(line), CultureInfo.InvariantCulture);
                    break;
                case "event":
                    name = Value(line);
                    break;
                case "data":
                    data.Add(Value(line));
                    break;
            }
        }

        return events;

        string Value(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..] is [' ', ..] value ? value[1..] : "";
    }
}
