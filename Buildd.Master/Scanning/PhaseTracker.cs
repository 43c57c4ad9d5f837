using System.Globalization;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Scanning;

/// <summary>
/// Turns the status member <c>phases</c> into events. It is an array with a struct per phase: <c>name</c> (string),
/// <c>start</c> (dateTime, ISO 8601, UTC), <c>seconds</c> (double; the running phase, the last, has none). Our slaves
/// send it, the reference doesn't; whatever has another shape is passed over, since extra members bind nobody.
/// </summary>
internal sealed class PhaseTracker
{
    /// <summary>A build has about ten; more than this is not listened to.</summary>
    private const int MaxPhases = 1000;

    private static readonly string[] TimeFormats = ["yyyyMMdd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyyMMdd'T'HHmmss"];

    private int _started;
    private int _ended;

    /// <summary>The phase that has begun last; null before the first, and from slaves that don't tell.</summary>
    public string? Current { get; private set; }

    /// <summary>The events since the last status.</summary>
    public IEnumerable<BuildEvent> Update(IReadOnlyDictionary<string, XmlRpcValue> extra)
    {
        if (!extra.TryGetValue(WireNames.Members.Phases, out var member) || member is not XmlRpcArray phases)
            yield break;
        for (var i = _ended; i < Math.Min(phases.Count, MaxPhases); i++)
        {
            if (phases[i] is not XmlRpcStruct phase || Text(phase, WireNames.Members.PhaseName) is not { } name)
                yield break;
            if (i >= _started)
            {
                _started = i + 1;
                Current = name;
                yield return new PhaseStarted(name, Time(phase, WireNames.Members.PhaseStart));
            }

            if (Duration(phase, WireNames.Members.PhaseSeconds) is not { } duration)
                yield break;
            _ended = i + 1;
            yield return new PhaseEnded(name, duration);
        }
    }

    private static string? Text(XmlRpcStruct phase, string member) =>
        phase.TryGetValue(member, out var value) && value is XmlRpcString text ? text.Value : null;

    private static DateTimeOffset? Time(XmlRpcStruct phase, string member)
    {
        var text = phase.TryGetValue(member, out var value) && value is XmlRpcDateTime time ? time.Text : "";
        // Fractions of a second are of no use here, and there are as many spellings of them as writers.
        var whole = text.TrimEnd('Z').Split('.', ',')[0];
        return DateTimeOffset.TryParseExact(whole, TimeFormats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var result)
            ? result
            : null;
    }

    private static TimeSpan? Duration(XmlRpcStruct phase, string member)
    {
        double? seconds = phase.GetValueOrDefault(member) switch
        {
            XmlRpcDouble number => number.Value,
            XmlRpcInteger number => (double)number.Value,
            _ => null,
        };
        return seconds is >= 0 and <= int.MaxValue ? TimeSpan.FromSeconds(seconds.Value) : null;
    }
}
