namespace Buildd.Master.Mail;

/// <summary>The texts of all kinds of mail, ours or an installation's own. Immutable.</summary>
internal sealed record MailTemplates
{
    private static readonly string[] PackageNames =
    [
        "id", "title", "subject_suffix", "source", "version", "architecture", "archive", "component", "state", "duration", "log",
        "builder", "source_url", "extra", "url", "reason", "separator",
    ];

    private static readonly string[] LiveFsNames =
    [
        "id", "title", "livefs", "version", "archive", "distroseries", "architecture", "pocket", "state", "duration", "log",
        "upload_log", "builder", "url", "reason", "separator",
    ];

    private static readonly string[] RejectionNames = ["archive", "suite", "names", "version", "findings", "separator"];

    private static readonly string[] BuilderNames = ["name", "url", "reason"];

    /// <summary>About a build of a package.</summary>
    internal MailTemplate PackageBuild { get; init; } = MailTemplate.Parse("package-build", PackageBuildText, PackageNames);

    /// <summary>About a build that leaves files, such as a live filesystem.</summary>
    internal MailTemplate LiveFsBuild { get; init; } = MailTemplate.Parse("livefs-build", LiveFsBuildText, LiveFsNames);

    /// <summary>To who made an upload that was rejected.</summary>
    internal MailTemplate Rejection { get; init; } = MailTemplate.Parse("rejection", RejectionText, RejectionNames);

    /// <summary>To the administrators, about a builder that was taken out of service.</summary>
    internal MailTemplate BuilderFailed { get; init; } = MailTemplate.Parse("builder-failed", BuilderFailedText, BuilderNames);

    private const string PackageBuildText =
        """
        Subject: [Build #{id}] {title}{subject_suffix}


         * Source Package: {source}
         * Version: {version}
         * Architecture: {architecture}
         * Archive: {archive}
         * Component: {component}
         * State: {state}
         * Duration: {duration}
         * Build Log: {log}
         * Builder: {builder}
         * Source: {source_url}

        {extra}
        If this is not clear to you, please ask those who look after the build farm.

        {separator}
        {title}
        {url}
        {reason}

        """;

    private const string LiveFsBuildText =
        """
        Subject: [LiveFS build #{id}] {title}

         * Live Filesystem: {livefs}
         * Version: {version}
         * Archive: {archive}
         * Distroseries: {distroseries}
         * Architecture: {architecture}
         * Pocket: {pocket}
         * State: {state}
         * Duration: {duration}
         * Build Log: {log}
         * Upload Log: {upload_log}
         * Builder: {builder}

        {separator}
        {url}
        {reason}

        """;

    private const string RejectionText =
        """
        Subject: [{archive}/{suite}] {names} {version} (Rejected)

        The upload of {names} {version} was rejected:

        {findings}

        {separator}
        You get this because the upload names you as who made its last change.

        """;

    private const string BuilderFailedText =
        """
        Subject: Builder {name} was taken out of service

        The builder {name} ({url}) was taken out of service:

        {reason}

        It gets no work until somebody puts it back.

        """;

    /// <summary>
    /// The templates of a folder: <c>package-build.txt</c>, <c>livefs-build.txt</c>, <c>rejection.txt</c> and
    /// <c>builder-failed.txt</c>. For one that is not there, ours is used.
    /// </summary>
    /// <exception cref="MailException">One can't be read, or is no template.</exception>
    public static MailTemplates Load(string folder)
    {
        var ours = new MailTemplates();
        return new MailTemplates
        {
            PackageBuild = Load(folder, "package-build", PackageNames) ?? ours.PackageBuild,
            LiveFsBuild = Load(folder, "livefs-build", LiveFsNames) ?? ours.LiveFsBuild,
            Rejection = Load(folder, "rejection", RejectionNames) ?? ours.Rejection,
            BuilderFailed = Load(folder, "builder-failed", BuilderNames) ?? ours.BuilderFailed,
        };
    }

    private static MailTemplate? Load(string folder, string name, string[] names)
    {
        var path = Path.Combine(folder, name + ".txt");
        try
        {
            return MailTemplate.Parse(path, File.ReadAllText(path), names);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MailException($"the template {path} can't be read", e);
        }
    }
}
