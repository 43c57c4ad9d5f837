using Buildd.Protocol.Messages;

namespace Buildd.Backends.BinaryPackage;

/// <summary>What sbuild's exit code means for the master: protocol section 12.1.</summary>
internal static class SbuildExitCode
{
    /// <summary>
    /// The status for an exit code of sbuild that is not 0. Code 3 means that sbuild gave the package back, nearly always
    /// for dependencies it could not install; that the reference calls a failed package where its log names none.
    /// </summary>
    internal static BuildStatus ToStatus(int exitCode) => exitCode switch
    {
        0 => BuildStatus.Ok,
        1 or 2 or 3 => BuildStatus.PackageFail,
        _ => BuildStatus.BuilderFail, // 4 and above, and signals: not the package's fault
    };
}
