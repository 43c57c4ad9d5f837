using System.Buffers;
using System.Text;
using System.Text.Json;
using Buildd.Master;
using Buildd.Master.Builds;

namespace Buildd.Cli.Application;

/// <summary>
/// What happens in the farm, as a line of JSON for each event: <c>run --json</c>. <c>docs/buildd-farm.md</c> lists the members, and they
/// stay. The lines are plain ASCII, so that nothing a slave says can command a terminal.
/// </summary>
internal static class EventJson
{
    /// <summary>The first line: <c>run</c> is ready.</summary>
    internal static void WriteReady(TextWriter output, string store, Uri url) => WriteLine(output, json =>
    {
        json.WriteString("event", "ready");
        json.WriteString("store", store);
        json.WriteString("url", url.AbsoluteUri);
    });

    /// <summary>Writes one event; one that has no line of its own is passed over.</summary>
    internal static void Write(TextWriter output, MasterEvent happened)
    {
        Action<Utf8JsonWriter>? members = happened switch
        {
            BuildDispatched dispatched => json =>
            {
                Begin(json, "dispatched", dispatched.Build);
                json.WriteString("builder", dispatched.Builder);
                json.WriteNumber("seconds", dispatched.Duration.TotalSeconds);
            }
            ,
            BuildPhaseChanged phase => json =>
            {
                Begin(json, "phase", phase.Build);
                json.WriteString("phase", phase.Phase);
                if (phase.Duration is { } took)
                    json.WriteNumber("seconds", took.TotalSeconds);
                else
                    json.WriteNull("seconds");
            }
            ,
            BuildProgressed progress => json =>
            {
                Begin(json, "progress", progress.Build);
                json.WriteString("stage", progress.Stage);
                json.WriteNumber("fraction", progress.Fraction);
            }
            ,
            BuildLogGrew log => json =>
            {
                Begin(json, "log", log.Build);
                json.WriteNumber("length", log.Length);
            }
            ,
            BuildChanged changed => json => WriteState(json, "changed", changed.Build),
            BuildFinished finished => json => WriteState(json, "finished", finished.Build),
            BuilderChanged { Builder: var builder } => json =>
            {
                json.WriteString("event", "builder");
                json.WriteString("builder", builder.Name);
                json.WriteBoolean("in_service", builder.InService);
                json.WriteString("clean", builder.Clean.ToString().ToUpperInvariant());
                json.WriteString("fail_notes", builder.FailNotes);
            }
            ,
            EventsMissed missed => json =>
            {
                json.WriteString("event", "missed");
                json.WriteNumber("count", missed.Count);
            }
            ,
            _ => null,
        };
        if (members is null)
            return;
        WriteLine(output, json =>
        {
            json.WriteString("time", happened.Time);
            members(json);
        });
    }

    private static void Begin(Utf8JsonWriter json, string name, Build build)
    {
        json.WriteString("event", name);
        json.WriteString("build", build.Cookie.ToString());
    }

    private static void WriteState(Utf8JsonWriter json, string name, Build build)
    {
        Begin(json, name, build);
        json.WriteString("state", build.State.ToName());
        json.WriteString("builder", build.Builder);
        json.WriteString("reason", build.Reason);
    }

    private static void WriteLine(TextWriter output, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.ASCII.GetString(bytes.WrittenSpan));
        output.Flush();
    }
}
