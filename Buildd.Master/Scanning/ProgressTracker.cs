using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Scanning;

/// <summary>
/// Turns the status member <c>progress</c> into events: a struct of <c>stage</c> (string) and <c>fraction</c> (double from 0 to 1). As
/// with <see cref="PhaseTracker"/>, whatever has another shape is passed over.
/// </summary>
internal sealed class ProgressTracker
{
    private ProgressMade? _last;

    /// <summary>The event since the last status, if there was one.</summary>
    public ProgressMade? Update(IReadOnlyDictionary<string, XmlRpcValue> extra)
    {
        if (!extra.TryGetValue(WireNames.Members.Progress, out var member) || member is not XmlRpcStruct progress
            || progress.GetValueOrDefault(WireNames.Members.ProgressStage) is not XmlRpcString stage
            || progress.GetValueOrDefault(WireNames.Members.ProgressFraction) is not XmlRpcDouble { Value: >= 0 and <= 1 } fraction)
        {
            return null;
        }

        var made = new ProgressMade(stage.Value, fraction.Value);
        if (made == _last)
            return null;
        return _last = made;
    }
}
