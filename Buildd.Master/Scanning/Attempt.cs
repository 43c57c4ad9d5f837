using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Logs;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// The attempt at a build that a builder is at: what its kind of job makes of it, its secrets, its phases, and its log from the first byte
/// to the place where it is kept. Of an attempt that a former life of the master began all is found out again. For one thread at a time.
/// </summary>
internal sealed class Attempt(BuilderAgentParts parts, ISlaveClient slave, BuilderRecord builder, ILogger logger) : IDisposable
{
    private AttemptWatch? _watch;

    /// <summary>The phase that the slave said to be in; null when it has said none.</summary>
    public string? Phase => _watch?.Phase;

    /// <summary>Whether the slave was told to abort; true as well where nothing is known of the attempt.</summary>
    public bool AbortTold => _watch?.AbortTold ?? true;

    public void Dispose() => Forget();

    /// <summary>Asks the kind of job. What it throws blames nobody: it is our own trouble, and the build is tried later.</summary>
    public async Task<Preparation> PrepareAsync(Build build, CancellationToken cancellationToken)
    {
        if (!parts.Kinds.TryGetValue(build.JobType, out var kind))
            return new NotNow($"This master does not know the kind of job {build.JobType}.");
        Preparation? preparation = null;
        var broken = await Bulkhead.RunAsync(AskAsync, $"preparing {build.Cookie}", logger, cancellationToken).ConfigureAwait(false);
        if (broken is not null)
        {
            logger.LogBuildNotPrepared(broken, build.Cookie);
            return new NotNow($"It could not be prepared: {Secrets.Quote(broken.Message)}");
        }

        return preparation is Ready(var job) && job.Cookie != build.Cookie
            ? new Rejected(BuildState.FailedToBuild, $"Its kind of job made a job for {job.Cookie} of it.")
            : preparation!;

        async Task AskAsync()
        {
            var specification = await parts.Master.Builds.FindSpecificationAsync(build.Id, cancellationToken).ConfigureAwait(false);
            var dispatching = new Dispatching(build, specification ?? default, builder.Now, parts.Master.Inputs);
            preparation = await kind.PrepareAsync(dispatching, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What must not be in the job's log; null when that is more than can be looked for.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? SecretsOf(BuildJob job)
    {
        try
        {
            return BuildSecrets.FromArguments(new XmlRpcStruct
            {
                ["arguments"] = job.Arguments,
                ["urls"] = new XmlRpcArray(job.Files.Prepend(job.Chroot).Select(file => (XmlRpcValue)(file.Url ?? ""))),
                ["password"] = new XmlRpcArray(job.Files.Prepend(job.Chroot).Select(file => (XmlRpcValue)file.Password)),
            });
        }
        catch (TooManySecretsException)
        {
            return null;
        }
    }

    /// <summary>Begins to remember an attempt, and forgets the one before.</summary>
    public AttemptWatch Begin(Build build, IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        Forget();
        return _watch = new AttemptWatch(build, slave, parts.Logs, secrets, parts.Options.MaxLogBytes, logger);
    }

    /// <summary>Forgets the attempt; what was taken of its log stays on the disk.</summary>
    public void Forget()
    {
        _watch?.Dispose();
        _watch = null;
    }

    /// <summary>Remembers that the slave was told to abort.</summary>
    public void RememberAbort()
    {
        if (_watch is not null)
            _watch.AbortTold = true;
    }

    /// <summary>Takes what the build has logged, and its phases. Trouble with these is none with the build.</summary>
    public async Task WatchAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        var watch = await AdvanceAsync(build, status, cancellationToken).ConfigureAwait(false);
        using var deadline = new CancellationTokenSource(parts.Options.ScanTimeout, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (await watch.FollowAsync(status, either.Token).ConfigureAwait(false) is { } length)
                parts.Events.Publish(new BuildLogGrew(build, length));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogSlowLog(builder.Name, build.Cookie); // the next look goes on there
        }
        catch (IOException exception)
        {
            logger.LogLogNotWritten(exception, build.Cookie);
        }
    }

    /// <summary>Takes the rest of the log and stores it under its name, once for each attempt. The name is not stored yet.</summary>
    /// <exception cref="SlaveException">The rest can't be had now.</exception>
    public async Task<Build> StoreLogAsync(Build build, StatusReply status, BuildState state, CancellationToken cancellationToken)
    {
        if (build.LogName is not null)
            return build;
        var watch = await AdvanceAsync(build, status, cancellationToken).ConfigureAwait(false); // the last phases end between two looks
        using var deadline = new CancellationTokenSource(parts.Options.GatherTimeout, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await watch.CompleteAsync(status, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            watch.Complete();
            logger.LogSlowLog(builder.Name, build.Cookie);
        }

        Forget();
        return build with { LogName = await NameAndStoreLogAsync(build, state, cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>The same for a build that is not over: a log that can't be had changes nothing, and what is here is kept.</summary>
    public async Task TryStoreLogAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        try
        {
            var watch = await AdvanceAsync(build, status, cancellationToken).ConfigureAwait(false);
            await watch.CompleteAsync(status, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SlaveException or IOException)
        {
            logger.LogLogNotWritten(exception, build.Cookie);
        }
    }

    /// <summary>Notes at the end of the log why the attempt has failed, where no slave could write it there.</summary>
    public void Note(Build build, string reason)
    {
        try
        {
            if (build.LogName is not null)
            {
                parts.Logs.AddTo(build, reason);
                return;
            }

            if (_watch?.IsOf(build) == true)
                _watch.Complete();
            Forget();
            using var log = AttemptLog.Open(parts.Logs.RunningPath(build), [], parts.Options.MaxLogBytes);
            log.AppendLoose(Encoding.UTF8.GetBytes($"{reason}\n"), gap: false);
            log.Complete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogLogNotWritten(exception, build.Cookie);
        }
    }

    /// <summary>Stores what is here of the log of an attempt that has come to nothing.</summary>
    public async Task<string?> CloseLogAsync(Build build, BuildState state, CancellationToken cancellationToken)
    {
        try
        {
            if (_watch?.IsOf(build) == true)
                _watch.Complete();
            Forget();
            return await NameAndStoreLogAsync(build, state, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            logger.LogLogNotWritten(exception, build.Cookie);
            return null;
        }
    }

    private async Task<string?> NameAndStoreLogAsync(Build build, BuildState state, CancellationToken cancellationToken)
    {
        var name = IJobKind.DefaultLogName;
        if (parts.Kinds.TryGetValue(build.JobType, out var kind))
        {
            var specification = await parts.Master.Builds.FindSpecificationAsync(build.Id, cancellationToken).ConfigureAwait(false)
                ?? default;
            name = kind.LogName(build, specification, state);
        }

        return await parts.Logs.StoreAsync(build, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is remembered of the attempt, after telling of what the slave says about its phases.</summary>
    private async Task<AttemptWatch> AdvanceAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        var watch = _watch?.IsOf(build) == true ? _watch : await AdoptAsync(build, cancellationToken).ConfigureAwait(false);
        foreach (var happened in watch.Advances(status))
        {
            parts.Events.Publish(happened switch
            {
                PhaseEnded ended => new BuildPhaseChanged(build, ended.Name, ended.Duration),
                PhaseStarted started => new BuildPhaseChanged(build, started.Name, null),
                ProgressMade progress => new BuildProgressed(build, progress.Stage, progress.Fraction),
                _ => throw new InvalidOperationException($"A status tells of {happened.GetType().Name}."),
            });
        }

        return watch;
    }

    private async Task<AttemptWatch> AdoptAsync(Build build, CancellationToken cancellationToken)
    {
        var preparation = await PrepareAsync(build, cancellationToken).ConfigureAwait(false);
        logger.LogBuildAdopted(builder.Name, build.Cookie);
        return Begin(build, (preparation is Ready(var job) ? SecretsOf(job) : null) ?? []);
    }
}
