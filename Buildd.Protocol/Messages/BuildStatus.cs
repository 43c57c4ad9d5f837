namespace Buildd.Protocol.Messages;

/// <summary>How a build ended. It is told while the builder is <see cref="BuilderStatus.Waiting"/>.</summary>
public enum BuildStatus
{
    /// <summary>Built; the file map lists the results.</summary>
    Ok,

    /// <summary>A build dependency can't be met; the dependencies say which.</summary>
    DepFail,

    /// <summary>Not the source's fault: try again, here or elsewhere.</summary>
    GivenBack,

    /// <summary>The source failed to build.</summary>
    PackageFail,

    /// <summary>The chroot could not be set up.</summary>
    ChrootFail,

    /// <summary>The builder itself is at fault.</summary>
    BuilderFail,

    /// <summary>The build was aborted on request.</summary>
    Aborted,
}
