using Buildd.Master.Builds;
using Buildd.Master.Leaves;
using Buildd.Master.Mail;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Uploads;

/// <summary>Does with a leaf, its build and the people concerned what was decided and written into the journal.</summary>
internal sealed class UploadCarrier(
    LeafFolders folders, UploadJournal journal, IBuildRecords builds, UploadLogs logs, MailNotifier? mail, ILogger logger)
{
    /// <summary>Into <c>failed/</c>, the build not touched. One rename, for which no decision needs to be written down.</summary>
    public ProcessedLeaf PutAside(LeafName leaf, Build build, string reason, bool stays)
    {
        var folder = Path.Combine(folders.Incoming, leaf.Text);
        if (!stays)
        {
            var place = Path.Combine(folders.Failed, LeafFolders.FreeName(folders.Failed, leaf));
            if (LeafFolders.TryMove(folder, place))
                folder = place;
        }

        return new ProcessedLeaf { Leaf = leaf.Text, Build = build, Outcome = UploadOutcome.Failed, Reason = reason, Folder = folder };
    }

    /// <summary>
    /// Does what was decided: each step looks whether it was done before. From here on nothing is called off: half of it done is
    /// what the journal is for, and not what a Ctrl-C is to cause.
    /// </summary>
    public async Task<ProcessedLeaf> CarryOutAsync(
        UploadDecision decision, Build build, AcceptedUpload? accepted, IReadOnlyList<UploadFinding> findings,
        CancellationToken cancellationToken)
    {
        var isGood = decision.Outcome == UploadOutcome.Accepted;
        var logName = UploadLogs.NameOf(build);
        try
        {
            build = await ChangeAsync(build.Id, current => isGood
                ? current.State == BuildState.FullyBuilt ? current : current.Uploaded([.. accepted!.Files.Select(file => file.File)])
                : current.State == BuildState.FailedToUpload && current.UploadLogName == logName && current.Reason == decision.Reason
                    ? current
                    : current.UploadFailed(logName, decision.Reason)).ConfigureAwait(false);
        }
        catch (BuildStateException e)
        {
            // Somebody has retried the build meanwhile: what becomes of it is no longer this leaf's business.
            logger.LogLeafOvertaken(e, decision.Leaf);
            var leaf = LeafName.TryParse(decision.Leaf) ?? new LeafName(decision.Leaf, build.Cookie);
            var aside = PutAside(leaf, e.Build, e.Message, decision.Keep);
            journal.Clear();
            return aside with { Findings = findings };
        }

        var folder = Path.Combine(folders.Incoming, decision.Leaf);
        if (isGood)
        {
            logs.Remove(build);
            if (!decision.Keep)
                folders.Remove(decision.Leaf);
        }
        else if (decision.Destination is { } name)
        {
            var place = Path.Combine(decision.Outcome == UploadOutcome.Rejected ? folders.Rejected : folders.Failed, name);
            LeafFolders.TryMove(folder, place);
            folder = place;
        }

        if (decision.Mails && !isGood)
            await TellAsync(decision, build, folder, cancellationToken).ConfigureAwait(false);
        journal.Clear(waits: !isGood);
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
        var log = await logs.ReadAsync(build, cancellationToken).ConfigureAwait(false);
        await mail!.UploadFailedAsync(
            build, $"{log}\nThe leaf is {Path.GetRelativePath(folders.Root, folder)} in {folders.Root}.", cancellationToken)
                .ConfigureAwait(false);
        if (decision.Rejection is { } rejection)
            await mail.UploadRejectedAsync(build, rejection, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Build> ChangeAsync(long id, Func<Build, Build> change)
    {
        try
        {
            return await builds.ChangeAsync(id, change, CancellationToken.None).ConfigureAwait(false)
                ?? throw new UploadException($"Build {id} is no longer there.");
        }
        catch (TimeoutException e)
        {
            throw new UploadException(e.Message, e);
        }
    }
}
