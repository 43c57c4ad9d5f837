using System.Runtime.ExceptionServices;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Leaves;
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

    /// <summary>
    /// The leaves that are examined at a time: it takes a program for each package. What is decided is decided one after the other.
    /// </summary>
    private static readonly int MaxExamined = Math.Max(2, Environment.ProcessorCount * 2);

    private readonly LeafFolders _folders;
    private readonly UploadProcessorOptions _options;
    private readonly IBuildRecords _builds;
    private readonly KnownKinds _kinds;
    private readonly IArchive _archive;
    private readonly bool _mails;
    private readonly TimeProvider _time;
    private readonly ILogger<UploadProcessor> _logger;
    private readonly UploadJournal _journal;
    private readonly LeafCheck _check;
    private readonly UploadLogs _logs;
    private readonly UploadCarrier _carrier;

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
        _mails = mail is not null;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<UploadProcessor>.Instance;
        _folders = new LeafFolders(options.Root);
        _journal = new UploadJournal(_folders.Root, Context);
        _check = new LeafCheck(options.Policy, archive, _time);
        _logs = new UploadLogs(options.LogFolder ?? Path.Combine(_folders.Root, "upload-logs"), _time);
        _carrier = new UploadCarrier(_folders, _journal, builds, _logs, mail, _logger);
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
            RequireRoot();
            return await ProcessAllAsync(run, [], cancellationToken).ConfigureAwait(false);
        }

        RequireRoot();
        _folders.MakeFolders();
        using var held = await UploadLock.AcquireAsync(_folders.Root, Context, _options.LockWait, _time, cancellationToken)
            .ConfigureAwait(false);
        return await ProcessAllAsync(run, await RecoverAsync(cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
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
        RequireRoot();
        _folders.MakeFolders();
        using var held = await UploadLock.AcquireAsync(_folders.Root, Context, _options.LockWait, _time, cancellationToken)
            .ConfigureAwait(false);
        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        var build = await _builds.FindAsync(buildId, cancellationToken).ConfigureAwait(false)
            ?? throw new UploadException($"There is no build {buildId}.");
        if (build.State != BuildState.FailedToUpload)
            throw new UploadException(
                $"{build.Cookie} is {build.State.ToName()}: only a build that is {BuildState.FailedToUpload.ToName()} has an upload to "
                    + "retry.");
        var leaf = FindLeaf(build) ?? throw new UploadException(
            $"The leaf of {build.Cookie} is neither in {_folders.Rejected} nor in {_folders.Failed} nor in {_folders.Incoming}: retry "
                + "the build.");
        return (
            await ProcessAllAsync(new UploadRun { Leaf = leaf, BuildId = buildId, NoMails = true }, [], cancellationToken)
                .ConfigureAwait(false))[0];
    }

    /// <summary>
    /// Processes leaves that their builds' master has just landed, in this order, if they are still there and nobody has processed them
    /// meanwhile; and first what an earlier run had begun.
    /// </summary>
    /// <param name="leaves">The leaves' names; none for only what an earlier run had begun.</param>
    /// <param name="cancellationToken">Ends it; what is not done is taken up by the next run.</param>
    /// <exception cref="UploadException">Nothing can be done in the root, or another process is at work there.</exception>
    internal async Task ProcessLandedAsync(IReadOnlyList<string> leaves, CancellationToken cancellationToken)
    {
        RequireRoot();
        _folders.MakeFolders();
        using var held = await UploadLock.AcquireAsync(_folders.Root, Context, _options.LockWait, _time, cancellationToken)
            .ConfigureAwait(false);
        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        await ProcessInOrderAsync(leaves, new UploadRun(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A wrong path is more likely than a new farm.</summary>
    private void RequireRoot()
    {
        if (!_folders.Exists)
            throw new UploadException($"{_folders.Root} is no folder: give the one that holds incoming/, or make it.");
    }

    /// <summary>The youngest leaf of a build, put into <c>incoming/</c> if it isn't there; null when there is none.</summary>
    private string? FindLeaf(Build build)
    {
        foreach (var folder in (string[])[_folders.Incoming, _folders.Rejected, _folders.Failed])
        {
            if (LeafFolders.LeavesOf(folder, build.Cookie) is not [.., var name])
                continue;
            if (folder != _folders.Incoming)
                LeafFolders.TryMove(Path.Combine(folder, name), Path.Combine(_folders.Incoming, name));
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
            throw new UploadException(
                $"Leaf {decision.Leaf} was being processed for build {decision.BuildId}, which is no longer there: remove "
                    + $"{_journal.Path}.");
        if (decision.Outcome == UploadOutcome.Accepted && build.State != BuildState.FullyBuilt)
        {
            // Whether the archive has it is not known; it takes it twice as well as once, so all is just done again. The
            // journal stays until then: it says for which build, which the leaf's name need not.
            var run = new UploadRun { Leaf = decision.Leaf, BuildId = decision.BuildId, Keep = decision.Keep, NoMails = !decision.Mails };
            var isThere = LeafFolders.IsLeaf(_folders.Incoming, decision.Leaf);
            var processed = isThere ? await ProcessAllAsync(run, [], cancellationToken).ConfigureAwait(false) : [];
            _journal.Clear();
            return processed;
        }

        return [await _carrier.CarryOutAsync(decision, build, null, [], cancellationToken).ConfigureAwait(false)];
    }

    private async Task<IReadOnlyList<ProcessedLeaf>> ProcessAllAsync(
        UploadRun run, IReadOnlyList<ProcessedLeaf> before, CancellationToken cancellationToken)
    {
        var processed = new List<ProcessedLeaf>(before);
        var leaves = run.Leaf is not { } named ? LeafFolders.Leaves(_folders.Incoming)
            : LeafFolders.IsLeaf(_folders.Incoming, named) ? [named]
            : before.Any(leaf => leaf.Leaf == named) ? []
            : throw new UploadException($"There is no leaf {named} in {_folders.Incoming}.");
        processed.AddRange(await ProcessInOrderAsync(leaves, run, cancellationToken).ConfigureAwait(false));
        return processed;
    }

    /// <summary>Examines leaves side by side, and processes them one after the other, those that are still there at their turn.</summary>
    private async Task<List<ProcessedLeaf>> ProcessInOrderAsync(
        IReadOnlyList<string> names, UploadRun run, CancellationToken cancellationToken)
    {
        var processed = new List<ProcessedLeaf>();
        var ahead = new LookAhead<ExaminedLeaf?>(
            names.Count, MaxExamined, number => TryExamineAsync(names[number], run, cancellationToken));
        await using var waiting = ahead.ConfigureAwait(false);
        for (var number = 0; number < names.Count; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var examining = ahead.TakeAsync(number);
            if (!Directory.Exists(Path.Combine(_folders.Incoming, names[number])))
                continue;
            var leaf = await ProcessAsync(names[number], examining, run, cancellationToken).ConfigureAwait(false);
            processed.Add(leaf);
            Tell(leaf, run.DryRun);
        }

        return processed;
    }

    /// <summary>Examines a leaf before its turn; null when it doesn't look as if it were to be processed.</summary>
    private async Task<ExaminedLeaf?> TryExamineAsync(string name, UploadRun run, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_folders.Incoming, name);
        if ((run.BuildId ?? LeafName.TryParse(name)?.Cookie.Id) is not { } id || !Directory.Exists(folder))
            return null;
        var build = await _builds.FindAsync(id, cancellationToken).ConfigureAwait(false);
        return build is { State: BuildState.Uploading or BuildState.FailedToUpload } && _kinds.KindOf(build) is { } kind
            ? await ExamineAsync(folder, build, kind.LeafContent, run, cancellationToken).ConfigureAwait(false)
            : null;
    }

    private async Task<ExaminedLeaf> ExamineAsync(
        string folder, Build build, LeafContent content, UploadRun run, CancellationToken cancellationToken)
    {
        var description = await _kinds.DescribeAsync(build, cancellationToken).ConfigureAwait(false);
        return await _check.ExamineAsync(folder, build, content, description, run, cancellationToken).ConfigureAwait(false);
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

    private async Task<ProcessedLeaf> ProcessAsync(
        string name, Task<ExaminedLeaf?> examining, UploadRun run, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_folders.Incoming, name);
        var leaf = LeafName.TryParse(name);
        if (leaf is null && run.BuildId is null)
            return Skipped("its name does not end in -JOBTYPE-ID");
        var build = await _builds.FindAsync(run.BuildId ?? leaf!.Cookie.Id, cancellationToken).ConfigureAwait(false);
        if (build is null || (run.BuildId is null && build.JobType != leaf!.Cookie.JobType))
            return Skipped("there is no such build");
        leaf ??= new LeafName(name, build.Cookie);
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
                return _carrier.PutAside(leaf, build, $"the build is {build.State.ToName()} and waits for no upload", stays: run.DryRun
                    || run.Keep);
        }

        return await ProcessAsync(leaf, folder, build, ExaminedAsync, isNamed, run, cancellationToken).ConfigureAwait(false);

        async Task<ExaminedLeaf> ExaminedAsync() =>
            await examining.ConfigureAwait(false) is { } examined && examined.BuildId == build.Id
                ? examined
                : await ExamineAsync(folder, build, kind.LeafContent, run, cancellationToken).ConfigureAwait(false);

        ProcessedLeaf Skipped(string reason) => new() { Leaf = name, Outcome = UploadOutcome.Skipped, Reason = reason, Folder = folder };
    }

    private async Task<ProcessedLeaf> ProcessAsync(
        LeafName leaf, string folder, Build build, Func<Task<ExaminedLeaf>> examine, bool isNamed, UploadRun run,
        CancellationToken cancellationToken)
    {
        var decision = new UploadDecision
        {
            Leaf = leaf.Text,
            BuildId = build.Id,
            IsNamed = isNamed,
            Outcome = UploadOutcome.Accepted,
            Keep = run.Keep,
            Mails = !run.NoMails && _mails,
        };
        IReadOnlyList<UploadFinding> findings = [];
        AcceptedUpload? accepted = null;
        // One leaf that nobody can process must not keep the others: it is put aside, with what happened.
        var broken = await Bulkhead.RunAsync(DecideAsync, $"processing {leaf.Text}", _logger, cancellationToken).ConfigureAwait(false);
        if (broken is OperationCanceledException)
            ExceptionDispatchInfo.Throw(broken);
        if (broken is not null)
        {
            _logger.LogLeafNotProcessed(broken, leaf.Text);
            decision = decision with { Outcome = UploadOutcome.Failed, Reason = $"Processing broke: {Secrets.Quote(broken.Message)}" };
        }

        var isGood = decision.Outcome == UploadOutcome.Accepted;
        if (run.DryRun)
            return new ProcessedLeaf
            {
                Leaf = leaf.Text,
                Build = build,
                Outcome = decision.Outcome,
                Findings = findings,
                Reason = decision.Reason,
                Folder = folder,
            };
        if (!isGood)
        {
            var target = decision.Outcome == UploadOutcome.Rejected ? _folders.Rejected : _folders.Failed;
            decision = decision with { Destination = run.Keep ? null : LeafFolders.FreeName(target, leaf) };
            _logs.Write(build, decision, findings);
            _journal.Write(decision);
        }

        return await _carrier.CarryOutAsync(decision, build, accepted, findings, cancellationToken).ConfigureAwait(false);

        async Task DecideAsync()
        {
            var check = await _check.JudgeAsync(await examine().ConfigureAwait(false), build, cancellationToken).ConfigureAwait(false);
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
            else if (accepted.Files.Count == 0)
            {
                decision = decision with
                {
                    Outcome = UploadOutcome.Failed,
                    Reason = "There is nothing in the upload that could be attached to the build.",
                };
            }
            else if (!run.DryRun)
            {
                _journal.Write(decision);
                await _archive.AcceptAsync(accepted, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
