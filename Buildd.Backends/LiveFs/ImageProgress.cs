using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Backends.LiveFs;

/// <summary>
/// Publishes how far an image is as the status member <c>progress</c>: a struct of <c>stage</c>, in the tool's own words, and
/// <c>fraction</c>, a rough double from 0 to 1 that never goes back. For one thread at a time.
/// </summary>
internal sealed class ImageProgress(IBuildContext context)
{
    private string _stage = "";
    private double _fraction;

    /// <summary>The image is at a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="fraction">What is usually done by then; null where that is not known.</param>
    internal void Reach(string stage, double? fraction)
    {
        var reached = Math.Max(_fraction, Math.Clamp(fraction ?? 0, 0, 1));
        if (stage == _stage && reached.Equals(_fraction))
            return;
        (_stage, _fraction) = (stage, reached);
        context.SetStatusMember(WireNames.Members.Progress, new XmlRpcStruct
        {
            [WireNames.Members.ProgressStage] = stage,
            [WireNames.Members.ProgressFraction] = reached,
        });
    }

    /// <summary>The tool is done, whatever stage it was in.</summary>
    internal void Complete() => Reach(_stage, 1);
}
