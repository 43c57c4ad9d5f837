using System.Globalization;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Steps;

/// <summary>
/// Notes when each phase began and how long it took, and publishes it as the status member <c>phases</c>: an array of
/// structs <c>name</c>, <c>start</c> and, once the phase is over, <c>seconds</c>.
/// </summary>
/// <remarks>Beyond the reference, whose clients ignore members they do not know. Used by one build at a time.</remarks>
internal sealed class PhaseClock(IBuildContext context)
{
    private readonly List<(string Name, DateTimeOffset Start, TimeSpan? Took)> _phases = [];
    private long _began;

    /// <summary>The name of the phase that was entered last; empty before the first.</summary>
    internal string Current => _phases is [.., var last] ? last.Name : "";

    /// <summary>When the first phase began; before that, now.</summary>
    internal DateTimeOffset Start => _phases is [var first, ..] ? first.Start : context.Time.GetUtcNow();

    /// <summary>A phase's name on the wire: the reference's, in small letters.</summary>
    internal static string NameOf(Phase phase) => phase.ToString().ToLowerInvariant();

    /// <summary>The phase before is over; this one begins.</summary>
    internal void Enter(Phase phase)
    {
        CloseLast();
        _began = context.Time.GetTimestamp();
        var name = NameOf(phase);
        _phases.Add((name, context.Time.GetUtcNow(), null));
        Publish();
        context.EnterPhase(name);
    }

    /// <summary>The last phase is over.</summary>
    internal void Leave()
    {
        CloseLast();
        Publish();
    }

    private void CloseLast()
    {
        if (_phases is [.., { Took: null } last])
            _phases[^1] = last with { Took = context.Time.GetElapsedTime(_began) };
    }

    private void Publish() =>
        context.SetStatusMember(WireNames.Members.Phases, new XmlRpcArray([.. _phases.Select(ToStruct)]));

    private static XmlRpcValue ToStruct((string Name, DateTimeOffset Start, TimeSpan? Took) phase)
    {
        var members = new XmlRpcStruct
        {
            [WireNames.Members.PhaseName] = phase.Name,
            [WireNames.Members.PhaseStart] = new XmlRpcDateTime(phase.Start.ToString("yyyyMMdd'T'HH:mm:ss", CultureInfo.InvariantCulture)),
        };
        return phase.Took is { } took
            ? new XmlRpcStruct(
                members.Append(KeyValuePair.Create<string, XmlRpcValue>(WireNames.Members.PhaseSeconds, Math.Round(took.TotalSeconds, 3))))
            : members;
    }
}
