using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs;

/// <summary>The arguments that are of the machine, and not of what was asked for.</summary>
internal static class BuilderArguments
{
    /// <summary>
    /// Says them, whatever a specification has of them: nothing is cleaned where all is thrown away afterwards, and nowhere else.
    /// </summary>
    internal static T On<T>(this T arguments, Builder builder, Build build)
        where T : BuildArguments => (T)((BuildArguments)arguments with
        {
            FastCleanup = builder.Virtualized,
            BuilderConstraints = build.Resources,
            Others = new XmlRpcStruct(arguments.Others.Where(other => other.Key
                is not (WireNames.ArgumentNames.FastCleanup or WireNames.ArgumentNames.BuilderConstraints))),
        });
}
