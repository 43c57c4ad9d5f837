using Buildd.Protocol.Messages;

namespace Buildd.Backends.PlugIn;

/// <summary>What a plug-in's exit code means for the master.</summary>
internal static class PlugInExitCode
{
    internal static BuildStatus ToStatus(int exitCode) => exitCode switch
    {
        0 => BuildStatus.Ok,
        1 => BuildStatus.PackageFail,
        2 => BuildStatus.DepFail,
        3 => BuildStatus.GivenBack,
        4 => BuildStatus.ChrootFail,
        _ => BuildStatus.BuilderFail, // signals too
    };

    /// <summary>Whether the build's results are taken over: the statuses with which a master is told of files.</summary>
    internal static bool HasResults(int exitCode) => exitCode is 0 or 1 or 2;
}
