namespace Buildd.Protocol.Messages;

/// <summary>
/// The wire spelling of every name. Nothing else in the solution spells one out; what a name means stands with the
/// message, or with the manager's arguments, that it belongs to.
/// </summary>
/// <remarks>Long, but one table: a word that is missing or doubled shows.</remarks>
public static class WireNames
{
    /// <summary>The version of the protocol that <c>info</c> tells.</summary>
    public const string ProtocolVersion = "1.0";

    /// <summary>Below the base URL: where calls are posted.</summary>
    public const string RpcPath = "rpc";

    /// <summary>Below the base URL: the folder of the cache's files.</summary>
    public const string FileCachePath = "filecache";

    /// <summary>The cache's file that is the log of the current or last build.</summary>
    public const string BuildLog = "buildlog";

    /// <summary>
    /// A header field of ours in the answer to a <c>build</c> that was refused for what it asks: the reason, percent-encoded. The fault
    /// itself says no more than the reference's.
    /// </summary>
    public const string RefusalField = "Buildd-Refusal";

    /// <summary>The status of slaves up to 2013 for a builder that waits with a build that was aborted.</summary>
    internal const string AbortedBuilder = "BuilderStatus.ABORTED";

    /// <summary>Content type of calls and answers.</summary>
    public const string ContentType = "text/xml";

    /// <summary>Names of methods.</summary>
    public static class Methods
    {
        /// <summary>See <see cref="EchoCall"/>.</summary>
        public const string Echo = "echo";

        /// <summary>See <see cref="InfoCall"/>.</summary>
        public const string Info = "info";

        /// <summary>See <see cref="StatusCall"/>.</summary>
        public const string Status = "status";

        /// <summary>What masters of 2014 call <see cref="Status"/>.</summary>
        public const string StatusDict = "status_dict";

        /// <summary>See <see cref="EnsurePresentCall"/>.</summary>
        public const string EnsurePresent = "ensurepresent";

        /// <summary>See <see cref="BuildCall"/>.</summary>
        public const string Build = "build";

        /// <summary>See <see cref="AbortCall"/>.</summary>
        public const string Abort = "abort";

        /// <summary>See <see cref="CleanCall"/>.</summary>
        public const string Clean = "clean";

        /// <summary>See <see cref="ProxyInfoCall"/>.</summary>
        public const string ProxyInfo = "proxy_info";
    }

    /// <summary>Names of struct members in replies.</summary>
    public static class Members
    {
        /// <summary>See <see cref="StatusReply.Status"/>.</summary>
        public const string BuilderStatus = "builder_status";

        /// <summary>See <see cref="StatusReply.BuilderVersion"/>.</summary>
        public const string BuilderVersion = "builder_version";

        /// <summary>See <see cref="StatusReply.BuildStatus"/>.</summary>
        public const string BuildStatus = "build_status";

        /// <summary>See <see cref="StatusReply.BuildId"/>.</summary>
        public const string BuildId = "build_id";

        /// <summary>See <see cref="StatusReply.LogTail"/>.</summary>
        public const string LogTail = "logtail";

        /// <summary>See <see cref="StatusReply.FileMap"/>.</summary>
        public const string FileMap = "filemap";

        /// <summary>See <see cref="StatusReply.Dependencies"/>.</summary>
        public const string Dependencies = "dependencies";

        /// <summary>Extra member of most managers: the revision of the source that was fetched.</summary>
        public const string RevisionId = "revision_id";

        /// <summary>Extra member of the CI manager: struct of job id to struct.</summary>
        public const string Jobs = "jobs";

        /// <summary>In a CI job: SHA-1 of its log.</summary>
        public const string JobLog = "log";

        /// <summary>In a CI job: SHA-1 of its properties.</summary>
        public const string JobProperties = "properties";

        /// <summary>In a CI job: struct of file name to SHA-1.</summary>
        public const string JobOutput = "output";

        /// <summary>In a CI job: <see cref="JobSucceeded"/> or <see cref="JobFailed"/>.</summary>
        public const string JobResult = "result";

        /// <summary>A CI job's result: it worked.</summary>
        public const string JobSucceeded = "SUCCEEDED";

        /// <summary>A CI job's result: it didn't.</summary>
        public const string JobFailed = "FAILED";

        /// <summary>An extra status member of ours: an array with a struct for each phase of the build that has begun.</summary>
        public const string Phases = "phases";

        /// <summary>A phase's name, in the reference's words.</summary>
        public const string PhaseName = "name";

        /// <summary>When a phase began: a dateTime, UTC.</summary>
        public const string PhaseStart = "start";

        /// <summary>How long a phase took, a double; absent while it goes on.</summary>
        public const string PhaseSeconds = "seconds";

        /// <summary>
        /// An extra status member of ours, from builds that failed: <c>exit N</c>, <c>signal N</c>, <c>timeout</c>, <c>stalled</c>,
        /// <c>oom</c>, <c>disk</c>, <c>log</c>, <c>aborted</c>, or the name of the slave's own phase that failed.
        /// </summary>
        public const string FailureCause = "failure_cause";

        /// <summary>An extra status member of ours, from builds of images: a struct that tells how far the image is.</summary>
        public const string Progress = "progress";

        /// <summary>In <see cref="Progress"/>: the stage, in the image tool's words.</summary>
        public const string ProgressStage = "stage";

        /// <summary>In <see cref="Progress"/>: what is done, roughly: a double from 0 to 1.</summary>
        public const string ProgressFraction = "fraction";

        /// <summary>See <see cref="ProxyInfoReply.UseFetchService"/>.</summary>
        public const string UseFetchService = "use_fetch_service";

        /// <summary>See <see cref="ProxyInfoReply.RevocationEndpoint"/>.</summary>
        public const string RevocationEndpoint = "revocation_endpoint";
    }

    /// <summary>Tags of managers, in the order the reference registers them.</summary>
    public static class Managers
    {
        /// <summary>Debian binary packages from a source package.</summary>
        public const string BinaryPackage = "binarypackage";

        /// <summary>A Debian source package from a recipe.</summary>
        public const string SourcePackageRecipe = "sourcepackagerecipe";

        /// <summary>Translation templates of a source tree.</summary>
        public const string TranslationTemplates = "translation-templates";

        /// <summary>Live file systems.</summary>
        public const string LiveFs = "livefs";

        /// <summary>Snaps.</summary>
        public const string Snap = "snap";

        /// <summary>Container images.</summary>
        public const string Oci = "oci";

        /// <summary>Charms.</summary>
        public const string Charm = "charm";

        /// <summary>CI jobs.</summary>
        public const string Ci = "ci";

        /// <summary>Rocks.</summary>
        public const string Rock = "rock";

        /// <summary>Sourcecraft packages.</summary>
        public const string Craft = "craft";
    }

    /// <summary>Keys of the arguments that a build call carries.</summary>
    public static class ArgumentNames
    {
#pragma warning disable CS1591 // what a key means stands with the record that a manager reads its arguments into
        // All managers
        public const string Series = "series";
        public const string ArchTag = "arch_tag";
        public const string ImageType = "image_type";
        public const string Archives = "archives";
        public const string TrustedKeys = "trusted_keys";
        public const string ArchivePrivate = "archive_private";
        public const string FastCleanup = "fast_cleanup";
        public const string BuilderConstraints = "builder_constraints";
        public const string BuildUrl = "build_url";

        // binarypackage; the first three also sourcepackagerecipe
        public const string Suite = "suite";
        public const string OgreComponent = "ogrecomponent";
        public const string ArchivePurpose = "archive_purpose";
        public const string ArchIndep = "arch_indep";
        public const string BuildDebugSymbols = "build_debug_symbols";
        public const string Provenance = "provenance"; // ours

        // sourcepackagerecipe
        public const string RecipeText = "recipe_text";
        public const string AuthorName = "author_name";
        public const string AuthorEmail = "author_email";
        public const string Git = "git";

        // Whatever fetches sources
        public const string Branch = "branch";
        public const string BranchUrl = "branch_url";
        public const string GitRepository = "git_repository";
        public const string GitPath = "git_path";

        // livefs
        public const string Project = "project";
        public const string Pocket = "pocket";
        public const string SubArch = "subarch";
        public const string SubProject = "subproject";
        public const string DateStamp = "datestamp";
        public const string ImageFormat = "image_format";
        public const string Locale = "locale";
        public const string ExtraPpas = "extra_ppas";
        public const string ExtraSnaps = "extra_snaps";
        public const string Channel = "channel";
        public const string ImageTargets = "image_targets";
        public const string RepoSnapshotStamp = "repo_snapshot_stamp";
        public const string SnapshotServiceTimestamp = "snapshot_service_timestamp";
        public const string CohortKey = "cohort-key"; // the only one with a hyphen
        public const string Debug = "debug";

        // livefs, ours: the tool, and what goes with it
        public const string ImageTool = "image_tool";
        public const string ConfigBranch = "config_branch";
        public const string ConfigRef = "config_ref";
        public const string ConfigPath = "config_path";
        public const string LbOptions = "lb_options";
        public const string Environment = "environment";
        public const string Packages = "packages";
        public const string Variant = "variant";

        // snap, oci, charm, ci, rock, craft
        public const string Name = "name";
        public const string Channels = "channels";
        public const string BuildRequestId = "build_request_id";
        public const string BuildRequestTimestamp = "build_request_timestamp";
        public const string ProxyUrl = "proxy_url";
        public const string RevocationEndpoint = "revocation_endpoint";
        public const string DisableProxyAfterPull = "disable_proxy_after_pull";
        public const string BuildSourceTarball = "build_source_tarball";
        public const string Private = "private";
        public const string TargetArchitectures = "target_architectures";
        public const string UseFetchService = "use_fetch_service";
        public const string Secrets = "secrets";
        public const string FetchServiceMitmCertificate = "fetch_service_mitm_certificate";
        public const string LaunchpadInstance = "launchpad_instance";
        public const string LaunchpadServerUrl = "launchpad_server_url";
        public const string BuildFile = "build_file";
        public const string BuildPath = "build_path";
        public const string BuildArgs = "build_args";
        public const string CraftPlatform = "craft_platform";
        public const string EnvironmentVariables = "environment_variables";
        public const string Jobs = "jobs";
        public const string PackageRepositories = "package_repositories";
        public const string PluginSettings = "plugin_settings";
        public const string ScanMalware = "scan_malware";
#pragma warning restore CS1591
    }

    /// <summary>The word for a builder's status.</summary>
    /// <param name="status">The status.</param>
    /// <returns>For example <c>BuilderStatus.IDLE</c>.</returns>
    public static string Of(BuilderStatus status) => status switch
    {
        BuilderStatus.Idle => "BuilderStatus.IDLE",
        BuilderStatus.Building => "BuilderStatus.BUILDING",
        BuilderStatus.Waiting => "BuilderStatus.WAITING",
        BuilderStatus.Aborting => "BuilderStatus.ABORTING",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>The word for a build's outcome.</summary>
    /// <param name="status">The outcome.</param>
    /// <returns>For example <c>BuildStatus.OK</c>.</returns>
    public static string Of(BuildStatus status) => status switch
    {
        BuildStatus.Ok => "BuildStatus.OK",
        BuildStatus.DepFail => "BuildStatus.DEPFAIL",
        BuildStatus.GivenBack => "BuildStatus.GIVENBACK",
        BuildStatus.PackageFail => "BuildStatus.PACKAGEFAIL",
        BuildStatus.ChrootFail => "BuildStatus.CHROOTFAIL",
        BuildStatus.BuilderFail => "BuildStatus.BUILDERFAIL",
        BuildStatus.Aborted => "BuildStatus.ABORTED",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    /// <summary>The first word of the answer to a build call.</summary>
    /// <param name="answer">The answer.</param>
    /// <returns>For example <c>BuilderStatus.UNKNOWNSUM</c>.</returns>
    public static string Of(BuildAnswer answer) => answer switch
    {
        BuildAnswer.Building => "BuilderStatus.BUILDING",
        BuildAnswer.UnknownSum => "BuilderStatus.UNKNOWNSUM",
        BuildAnswer.UnknownBuilder => "BuilderStatus.UNKNOWNBUILDER",
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer, null),
    };

    /// <summary>The builder's status that a word stands for.</summary>
    /// <param name="word">The word, in capitals as on the wire.</param>
    /// <param name="status">The status.</param>
    /// <returns>Whether there is such a word.</returns>
    public static bool TryParse(string word, out BuilderStatus status) => TryFind(word, Of, out status);

    /// <summary>The outcome of a build that a word stands for.</summary>
    /// <param name="word">The word, in capitals as on the wire.</param>
    /// <param name="status">The outcome.</param>
    /// <returns>Whether there is such a word.</returns>
    public static bool TryParse(string word, out BuildStatus status) => TryFind(word, Of, out status);

    /// <summary>The answer to a build call that a word stands for.</summary>
    /// <param name="word">The word, in capitals as on the wire.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>Whether there is such a word.</returns>
    public static bool TryParse(string word, out BuildAnswer answer) => TryFind(word, Of, out answer);

    private static bool TryFind<T>(string word, Func<T, string> spell, out T found)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (spell(value) == word)
            {
                found = value;
                return true;
            }
        }

        found = default;
        return false;
    }
}
