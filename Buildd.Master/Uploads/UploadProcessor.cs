using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Mail;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master.Uploads;

/// <summary>
/// Processes what builds left in <c>incoming/</c>: checks each leaf, hands it to the archive, makes its build FULLYBUILT or
/// FAILEDTOUPLOAD, tells who is concerned, and clears the leaf away. Killed at any moment and run again, it comes to the same end
/// (<see cref="UploadJournal"/>); two at once on one root wait for each other or say so. Any thread may call.
/// </summary>
public sealed class UploadProcessor
{
    /// <summary>The name of what this does, in the names of its files; the reference has a policy for people's uploads too.</summary>
    public const string Context = "buildd";

    /// <summary>How often a record is read again that somebody else has just changed.</summary>
    private const int MaxTries = 10;

    private readonly UploadFolders _folders;
    private readonly UploadProcessorOptions _options;
    private readonly IBuildRecords _builds;
    private readonly KnownKinds _kinds;
    private readonly IArchive _archive;
    private readonly MailNotifier? _mail;
    private readonly TimeProvider _time;
    private readonly ILogger<UploadProcessor> _logger;
    private readonly UploadJournal _journal;
    private readonly LeafCheck _check;
    private readonly UploadLogs _logs;

    /// <summary>Makes a processor.</summary>
    /// <param name="options">Where, and what is accepted.</param>
    /// <param name="builds">The records of the builds.</param>
    /// <param name="archive">Where accepted uploads go.</param>
    /// <param name="kinds">The kinds of job of the farm; leaves of other kinds are left alone.</param>
    /// <param name="mail">Who tells people; nobody is told by default.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="logger">Where diagnostics go; nowhere by default.</param>
    public UploadProcessor(
        UploadProcessorOptions options,
        IBuildRecords builds,
        IArchive archive,
        IReadOnlyList<IJobKind> kinds,
        MailNotifier? mail = null,
        TimeProvider? time = null,
        ILogger<UploadProcessor>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(kinds);
        _options = options;
        _builds = builds;
        _archive = archive;
        _kinds = new KnownKinds(kinds, builds);
        _mail = mail;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<UploadProcessor>.Instance;
        _folders = new UploadFolders(options.Root);
        _journal = new UploadJournal(_folders.Root, Context);
        _check = new LeafCheck(options.Policy, archive, _time);
        _logs = new UploadLogs(options.LogFolder ?? Path.Combine(_folders.Root, "upload-logs"), _time);
    }

    /// <summary>Processes the leaves in <c>incoming/</c>, in order of their names.</summary>
    /// <param name="run">Which, and how.</param>
    /// <param name="cancellationToken">Ends it; the leaf that is being processed stays, and is taken up again by the next run.</param>
    /// <returns>What became of each leaf, those of an earlier run that was cut short first.</returns>
    /// <exception cref="UploadsLockedException">Another process is at work here.</exception>
    /// <exception cref="UploadException">The options don't fit together, or nothing can be done in the root.</exception>
    /// <exception cref="IOException">The disk failed; the next run takes it up again.</exception>
    public async Task<IReadOnlyList<ProcessedLeaf>> RunAsync(UploadRun run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.BuildId is not null && run.Leaf is null)
            throw new UploadException("A build was named and no leaf: say which leaf is of that build.");
        if (run.Leaf is { } leaf && FileName.FindMistake(leaf) is { } mistake)
            throw new UploadException($"{FileName.Display(leaf)} is no name of a leaf: {mistake}.");
        if (run.DryRun)
        {
            _folders.RequireRoot();
            return await ProcessAllAsync(run, [], cancellationToken).ConfigureAwait(false);
        }

        _folders.MakeFolders();
        using var held = await _folders.LockAsync(Context, _options.LockWait, _time, cancellationToken).ConfigureAwait(false);
        return await ProcessAllAsync(run, await RecoverAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Rescues a build whose upload failed: finds its leaf in <c>rejected/</c> or <c>failed/</c>, puts it back into
    /// <c>incoming/</c> and processes it again, as a person would by hand. Nobody gets mail.
    /// </summary>
    /// <param name="buildId">The build.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UploadException">There is no such build, its upload has not failed, or its leaf is not to be found.</exception>
    /// <exception cref="UploadsLockedException">Another process is at work here.</exception>
    public async Task<ProcessedLeaf> RetryUploadAsync(long buildId, CancellationToken cancellationToken = default)
    {
        _folders.MakeFolders();
        using var held = await _folders.LockAsync(Context, _options.LockWait, _time, cancellationToken).ConfigureAwait(false);
        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        var build = await _builds.FindAsync(buildId, cancellationToken).ConfigureAwait(false)
            ?? throw new UploadException($"There is no build {buildId}.");
        if (build.State != BuildState.FailedToUpload)
            throw new UploadException($"{build.Cookie} is {build.State.ToName()}: only a build that is {BuildState.FailedToUpload.ToName()} has an upload to retry.");
        var leaf = FindLeaf(build) ?? throw new UploadException(
            $"The leaf of {build.Cookie} is neither in {_folders.Rejected} nor in {_folders.Failed} nor in {_folders.Incoming}: retry the build.");
        return (await ProcessAllAsync(new UploadRun { Leaf = leaf, BuildId = buildId, NoMails = true }, [], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>
    /// Processes one leaf that its build's master has just landed, if it is still there and nobody has processed it meanwhile;
    /// and first what an earlier run had begun.
    /// </summary>
    /// <param name="leaf">The leaf's name; null for only what an earlier run had begun.</param>
    /// <param name="cancellationToken">Ends it; the leaf is taken up by the next run.</param>
    /// <exception cref="UploadException">Nothing can be done in the root, or another process is at work there.</exception>
    internal async Task ProcessLandedAsync(string? leaf, CancellationToken cancellationToken)
    {
        _folders.MakeFolders();
        using var held = await _folders.LockAsync(Context, _options.LockWait, _time, cancellationToken).ConfigureAwait(false);
        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        if (leaf is not null && Directory.Exists(Path.Combine(_folders.Incoming, leaf)))
            Tell(await ProcessAsync(leaf, new UploadRun(), cancellationToken).ConfigureAwait(false), isDryRun: false);
    }

    /// <summary>The youngest leaf of a build, put into <c>incoming/</c> if it isn't there; null when there is none.</summary>
    private string? FindLeaf(Build build)
    {
        foreach (var folder in (string[])[_folders.Incoming, _folders.Rejected, _folders.Failed])
        {
            var name = UploadFolders.Leaves(folder).LastOrDefault(name =>
                LeafName.TryParse(name) is { } leaf && leaf.BuildId == build.Id && leaf.JobType == build.JobType);
            if (name is null)
                continue;
            if (folder != _folders.Incoming)
                UploadFolders.TryMove(Path.Combine(folder, name), Path.Combine(_folders.Incoming, name));
            return name;
        }

        return null;
    }

    /// <summary>Carries out what an earlier run had decided and was killed over.</summary>
    private async Task<IReadOnlyList<ProcessedLeaf>> RecoverAsync(CancellationToken cancellationToken)
    {
        _folders.Sweep();
        if (_journal.Read() is not { } decision)
            return [];
        _logger.LogLeafRecovering(decision.Leaf, decision.Outcome);
        var build = await _builds.FindAsync(decision.BuildId, cancellationToken).ConfigureAwait(false);
        if (build is null)
            throw new UploadException($"Leaf {decision.Leaf} was being processed for build {decision.BuildId}, which is no longer there: remove {_journal.Path}.");
        if (decision.Outcome == UploadOutcome.Accepted && build.State != BuildState.FullyBuilt)
        {
            // Whether the archive has it is not known; it takes it twice as well as once, so all is just done again. The
            // journal stays until then: it says for which build, which the leaf's name need not.
            var run = new UploadRun { Leaf = decision.Leaf, BuildId = decision.BuildId, Keep = decision.Keep, NoMails = !decision.Mails };
            var isThere = UploadFolders.Leaves(_folders.Incoming).Contains(decision.Leaf);
            var processed = isThere ? await ProcessAllAsync(run, [], cancellationToken).ConfigureAwait(false) : [];
            _journal.Clear();
            return processed;
        }

        return [await CarryOutAsync(decision, build, null, [], cancellationToken).ConfigureAwait(false)];
    }

    private async Task<IReadOnlyList<ProcessedLeaf>> ProcessAllAsync(UploadRun run, IReadOnlyList<ProcessedLeaf> before, CancellationToken cancellationToken)
    {
        var processed = new List<ProcessedLeaf>(before);
        var leaves = UploadFolders.Leaves(_folders.Incoming);
        if (run.Leaf is { } wanted && !leaves.Contains(wanted) && before.All(leaf => leaf.Leaf != wanted))
            throw new UploadException($"There is no leaf {wanted} in {_folders.Incoming}.");
        foreach (var name in leaves.Where(name => run.Leaf is null || name == run.Leaf))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var leaf = await ProcessAsync(name, run, cancellationToken).ConfigureAwait(false);
            processed.Add(leaf);
            Tell(leaf, run.DryRun);
        }

        return processed;
    }

    private void Tell(ProcessedLeaf leaf, bool isDryRun)
    {
        if (leaf.Outcome == UploadOutcome.Skipped)
            _logger.LogLeafSkipped(leaf.Leaf, leaf.Reason ?? "");
        else if (isDryRun)
            _logger.LogLeafWouldBe(leaf.Leaf, leaf.Outcome, leaf.Reason ?? "");
        else
            _logger.LogLeafProcessed(leaf.Leaf, leaf.Outcome, leaf.Reason ?? "");
        foreach (var finding in leaf.Findings)
            _logger.LogLeafFinding(leaf.Leaf, finding.ToString());
    }

    private async Task<ProcessedLeaf> ProcessAsync(string name, UploadRun run, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_folders.Incoming, name);
        var leaf = LeafName.TryParse(name);
        if (leaf is null && run.BuildId is null)
            return Skipped("its name does not end in -JOBTYPE-ID");
        var build = await _builds.FindAsync(run.BuildId ?? leaf!.BuildId, cancellationToken).ConfigureAwait(false);
        if (build is null || (run.BuildId is null && build.JobType != leaf!.JobType))
            return Skipped("there is no such build");
        leaf ??= new LeafName(name, build.JobType, build.Id);
        if (_kinds.KindOf(build) is not { } kind)
            return Skipped($"nobody here knows what builds of the kind {build.JobType} leave");
        var isNamed = run.Leaf is not null;
        switch (build.State)
        {
            case BuildState.Building or BuildState.Gathering:
                return Skipped("its results are still being fetched");
            case BuildState.Uploading when build.Leaf is null || build.Leaf == name || run.BuildId is not null:
            case BuildState.FailedToUpload when isNamed:
                break;
            case BuildState.Uploading:
                return Skipped($"the build's results are in {build.Leaf}");
            case BuildState.FailedToUpload:
                return Skipped("its upload has failed: name the leaf (-J) to process it again");
            default:
                return PutAside(leaf, build, $"the build is {build.State.ToName()} and waits for no upload", stays: run.DryRun || run.Keep);
        }

        return await ProcessAsync(leaf, folder, build, kind.LeafContent, isNamed, run, cancellationToken).ConfigureAwait(false);

        ProcessedLeaf Skipped(string reason) => new() { Leaf = name, Outcome = UploadOutcome.Skipped, Reason = reason, Folder = folder };
    }

    /// <summary>Into <c>failed/</c>, the build not touched. One rename, for which no decision needs to be written down.</summary>
    private ProcessedLeaf PutAside(LeafName leaf, Build build, string reason, bool stays)
    {
        var folder = Path.Combine(_folders.Incoming, leaf.Text);
        if (!stays)
        {
            var place = Path.Combine(_folders.Failed, UploadFolders.FreeName(_folders.Failed, leaf));
            if (UploadFolders.TryMove(folder, place))
                folder = place;
        }

        return new ProcessedLeaf { Leaf = leaf.Text, Build = build, Outcome = UploadOutcome.Failed, Reason = reason, Folder = folder };
    }

    private async Task<ProcessedLeaf> ProcessAsync(
        LeafName leaf, string folder, Build build, LeafContent content, bool isNamed, UploadRun run, CancellationToken cancellationToken)
    {
        var decision = new UploadDecision
        {
            Leaf = leaf.Text,
            BuildId = build.Id,
            IsNamed = isNamed,
            Outcome = UploadOutcome.Accepted,
            Keep = run.Keep,
            Mails = !run.NoMails && _mail is not null,
        };
        IReadOnlyList<UploadFinding> findings = [];
        AcceptedUpload? accepted = null;
        try
        {
            var description = await _kinds.DescribeAsync(build, cancellationToken).ConfigureAwait(false);
            var check = await _check.CheckAsync(folder, build, content, description, run, cancellationToken).ConfigureAwait(false);
            (findings, accepted) = (check.Findings, check.Accepted);
            if (accepted is null)
            {
                var first = findings.First(finding => !finding.IsWarning).Text;
                var others = findings.Count(finding => !finding.IsWarning) - 1;
                decision = decision with
                {
                    Outcome = UploadOutcome.Rejected,
                    Reason = others == 0 ? first : $"{first} (and {others} more)",
                    Rejection = check.Rejection,
                };
            }
            else if (!FilesOf(accepted).Any())
            {
                decision = decision with { Outcome = UploadOutcome.Failed, Reason = "There is nothing in the upload that could be attached to the build." };
            }
            else if (!run.DryRun)
            {
                _journal.Write(decision);
                await _archive.AcceptAsync(accepted, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One leaf that nobody can process must not keep the others: it is put aside, with what happened.
            _logger.LogLeafNotProcessed(e, leaf.Text);
            decision = decision with { Outcome = UploadOutcome.Failed, Reason = $"Processing broke: {Secrets.Quote(e.Message)}" };
        }

        var isGood = decision.Outcome == UploadOutcome.Accepted;
        if (run.DryRun)
            return new ProcessedLeaf { Leaf = leaf.Text, Build = build, Outcome = decision.Outcome, Findings = findings, Reason = decision.Reason, Folder = folder };
        if (!isGood)
        {
            var target = decision.Outcome == UploadOutcome.Rejected ? _folders.Rejected : _folders.Failed;
            decision = decision with { Destination = run.Keep ? null : UploadFolders.FreeName(target, leaf) };
            _logs.Write(build, decision, findings);
            _journal.Write(decision);
        }

        return await CarryOutAsync(decision, build, accepted, findings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Does what was decided: each step looks whether it was done before. From here on nothing is called off: half of it done is
    /// what the journal is for, and not what a Ctrl-C is to cause.
    /// </summary>
    private async Task<ProcessedLeaf> CarryOutAsync(
        UploadDecision decision, Build build, AcceptedUpload? accepted, IReadOnlyList<UploadFinding> findings, CancellationToken cancellationToken)
    {
        var isGood = decision.Outcome == UploadOutcome.Accepted;
        var logName = UploadLogs.NameOf(build);
        try
        {
            build = await ChangeAsync(build, current => isGood
                ? current.State == BuildState.FullyBuilt ? current : current.Uploaded([.. FilesOf(accepted!)])
                : current.State == BuildState.FailedToUpload && current.UploadLogName == logName && current.Reason == decision.Reason
                    ? current
                    : current.UploadFailed(logName, decision.Reason)).ConfigureAwait(false);
        }
        catch (BuildStateException e)
        {
            // Somebody has retried the build meanwhile: what becomes of it is no longer this leaf's business.
            _logger.LogLeafOvertaken(e, decision.Leaf);
            var leaf = LeafName.TryParse(decision.Leaf) ?? new LeafName(decision.Leaf, build.JobType, build.Id);
            var aside = PutAside(leaf, e.Build, e.Message, decision.Keep);
            _journal.Clear();
            return aside with { Findings = findings };
        }

        var folder = Path.Combine(_folders.Incoming, decision.Leaf);
        if (isGood)
        {
            _logs.Remove(build);
            if (!decision.Keep)
                _folders.Remove(decision.Leaf);
        }
        else if (decision.Destination is { } name)
        {
            var place = Path.Combine(decision.Outcome == UploadOutcome.Rejected ? _folders.Rejected : _folders.Failed, name);
            UploadFolders.TryMove(folder, place);
            folder = place;
        }

        if (decision.Mails && !isGood)
            await TellAsync(decision, build, folder, cancellationToken).ConfigureAwait(false);
        _journal.Clear();
        return new ProcessedLeaf
        {
            Leaf = decision.Leaf,
            Build = build,
            Outcome = decision.Outcome,
            Findings = findings,
            Reason = decision.Reason,
            Folder = isGood && !decision.Keep ? null : folder,
        };
    }

    private async Task TellAsync(UploadDecision decision, Build build, string folder, CancellationToken cancellationToken)
    {
        var log = await _logs.ReadAsync(build, cancellationToken).ConfigureAwait(false);
        await _mail!.UploadFailedAsync(build, $"{log}\nThe leaf is {Path.GetRelativePath(_folders.Root, folder)} in {_folders.Root}.", cancellationToken).ConfigureAwait(false);
        if (decision.Rejection is { } rejection)
            await _mail.UploadRejectedAsync(build, rejection, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Build> ChangeAsync(Build build, Func<Build, Build> change)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            var changed = change(build);
            if (ReferenceEquals(changed, build))
                return build;
            if ((await _builds.TryReplaceAsync([changed], CancellationToken.None).ConfigureAwait(false))[0] is { } stored)
                return stored;
            build = await _builds.FindAsync(build.Id, CancellationToken.None).ConfigureAwait(false)
                ?? throw new UploadException($"{build.Cookie} is no longer there.");
        }

        throw new UploadException($"{build.Cookie} is changed by others again and again.");
    }

    private static IEnumerable<BuildFile> FilesOf(AcceptedUpload upload) => upload.Packages is { } packages
        ? packages.Binaries.Count == 0 ? [] : packages.Files.Select(file => new BuildFile(file.Name, file.Size, file.Sha1, file.Sha256))
        : upload.Files.Select(file => file.File);
}
