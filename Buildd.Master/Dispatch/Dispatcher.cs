using Buildd.Master.Connections;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Dispatch;

/// <summary>
/// Hands a build to a slave: <c>status</c> (it must be idle), <c>ensurepresent</c> for the chroot and then for each
/// file, <c>build</c>. Stateless but for its dependencies: any thread may call, for one slave one at a time.
/// </summary>
/// <param name="slave">The slave.</param>
/// <param name="time">For the durations in the diagnostics.</param>
/// <param name="logger">The master's diagnostics.</param>
internal sealed class Dispatcher(ISlaveClient slave, TimeProvider time, ILogger<Dispatcher> logger)
{
    /// <summary>
    /// How many files the slave is asked for at a time; a source has three or four, and the original asks for all at once.
    /// </summary>
    private const int MaxParallelFiles = 8;

    /// <summary>Hands the build over; when this returns, and only then, the slave has it.</summary>
    /// <param name="job">What to build.</param>
    /// <param name="cancellationToken">Ends the dispatch while files are made present. It never interrupts <c>build</c> itself.</param>
    /// <exception cref="DispatchException">The slave did not take it; the type says why.</exception>
    /// <exception cref="SlaveException">
    /// The conversation failed. When it did so during <c>build</c> this is thrown only after the slave was asked, and does
    /// not have the build.
    /// </exception>
    /// <exception cref="BuildUncertainException">The conversation failed during <c>build</c>, and the slave can't be asked.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled in time; the slave does not have the build.</exception>
    public async Task DispatchAsync(BuildJob job, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await RequireIdleAsync(cancellationToken).ConfigureAwait(false);
        await EnsurePresentAsync(job.Chroot, cancellationToken).ConfigureAwait(false);
        var files = job.Files.Prepend(job.Chroot).DistinctBy(file => file.Sha1).Skip(1);
        var bound = new ParallelOptions { MaxDegreeOfParallelism = MaxParallelFiles, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files, bound, async (file, stop) => await EnsurePresentAsync(file, stop).ConfigureAwait(false))
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await BuildAsync(job).ConfigureAwait(false);
        logger.LogBuildAccepted(job.Cookie, job.BuilderTag, slave.Url, time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>
    /// A slave that isn't idle refuses a build with a fault, and the reference has then already emptied the log of the
    /// build it has, and taken over the new id. So it is not even asked.
    /// </summary>
    private async Task RequireIdleAsync(CancellationToken cancellationToken)
    {
        var status = await slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status != BuilderStatus.Idle)
            throw new SlaveBusyException(slave.Url, status);
    }

    private async Task EnsurePresentAsync(InputFile file, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var call = new EnsurePresentCall
        {
            Sha1 = file.Sha1.ToString(),
            Url = file.Url,
            UserName = file.UserName,
            Password = file.Password,
        };
        var reply = await slave.EnsurePresentAsync(call, cancellationToken).ConfigureAwait(false);
        if (!reply.Present)
            throw new InputNotPresentException(slave.Url, file, reply.Info);
        logger.LogFilePresent(slave.Url, file.Name, Secrets.Quote(reply.Info, file.Password), time.GetElapsedTime(start).TotalSeconds);
    }

    private async Task BuildAsync(BuildJob job)
    {
        var call = new BuildCall
        {
            BuildId = job.Cookie.ToString(),
            Builder = job.BuilderTag,
            ChrootSha1 = job.Chroot.Sha1.ToString(),
            FileMap = new OrderedDictionary<string, string>(
                job.Files.Select(file => KeyValuePair.Create(file.Name, file.Sha1.ToString())), StringComparer.Ordinal),
            Arguments = job.Arguments,
        };
        try
        {
            var reply = await slave.BuildAsync(call, CancellationToken.None).ConfigureAwait(false);
            Judge(job, reply);
        }
        catch (SlaveException exception) when (exception is SlaveConnectionException or SlaveProtocolException)
        {
            // Nobody knows whether the slave got the call, and a second one could ruin the build if it did.
            if (!await HasBuildAsync(job.Cookie, exception).ConfigureAwait(false))
                throw;
            logger.LogAnswerLost(exception, slave.Url, job.Cookie);
        }
    }

    private void Judge(BuildJob job, BuildReply reply)
    {
        switch (reply.Answer)
        {
            case BuildAnswer.Building:
                return;
            case BuildAnswer.UnknownSum:
                throw new UnknownSumException(slave.Url, reply.Text);
            case BuildAnswer.UnknownBuilder:
                throw new UnknownBuilderException(slave.Url, job.BuilderTag, reply.Text);
            default:
                throw new InvalidOperationException($"No such answer: {reply.Answer}.");
        }
    }

    private async Task<bool> HasBuildAsync(BuildCookie cookie, SlaveException lost)
    {
        try
        {
            var status = await slave.StatusAsync(CancellationToken.None).ConfigureAwait(false);
            return status.Status != BuilderStatus.Idle && status.BuildId == cookie.ToString();
        }
        catch (Exception exception) when (exception is SlaveException or SlaveKeyException)
        {
            throw new BuildUncertainException(slave.Url, cookie, lost);
        }
    }
}
