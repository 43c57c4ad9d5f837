using Buildd.Protocol.Messages;

namespace Buildd.Backends.BinaryPackage;

/// <summary>What sbuild's exit code means for the master: protocol section 12.1.</summary>
internal static class SbuildExitCode
{
    /// <summary>
    /// sbuild gave the package back, nearly always for dependencies it could not install: <see cref="DepWaitAnalysis"/> tells
    /// what that means.
    /// </summary>
    internal const int GivenBack = 3;

    /// <summary>The status for an exit code of sbuild; of <see cref="GivenBack"/>, as long as nothing better is known.</summary>
    internal static BuildStatus ToStatus(int exitCode) => exitCode switch
    {
        0 => BuildStatus.Ok,
        1 or 2 or GivenBack => BuildStatus.PackageFail,
        _ => BuildStatus.BuilderFail, // 4 and above, and signals: not the package's fault
    };
}
