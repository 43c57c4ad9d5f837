using System.Collections.Immutable;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Slave.Logs;
using Buildd.Slave.Metrics;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

/// <summary>The builder: owner of its status, of the build that runs, and of that build's results.</summary>
/// <remarks>
/// Methods may be called from any thread. They are the events of the state machine; one lock makes them follow each
/// other. Nothing waits for a build while it is held: a build is a task beside it.
/// </remarks>
internal sealed class Builder : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SlaveOptions _options;
    private readonly FileCache _cache;
    private readonly OrderedDictionary<string, IBuildBackend> _backends;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SlaveMeters _meters;

    private readonly BuildCallCheck _calls;
    private readonly BuilderMemory _memory;
    private readonly AbortWatch _aborts;
    private readonly LeftFolders _left;

    private volatile BuilderSnapshot _snapshot;
    private CacheLease? _inputs; // what the build that runs needs of the cache
    private CacheLease _results; // what it made, until clean
    private CancellationTokenSource? _abort;
    private Task _build = Task.CompletedTask;
    private Task? _stopped; // there once the slave is to stop: the deadline counts once, however often it is asked to
    private bool _cutShort; // by the slave's own end, not by the master

    /// <summary>Makes a builder that is where the last one on the same work folder was.</summary>
    /// <exception cref="JournalException">The work folder is another slave's, or its journal can't be read.</exception>
    internal Builder(
        SlaveOptions options, FileCache cache, IEnumerable<IBuildBackend> backends, TimeProvider time, ILogger<Builder> logger,
        SlaveMeters meters)
    {
        _options = options;
        _cache = cache;
        _backends = new OrderedDictionary<string, IBuildBackend>(
            backends.Select(backend => KeyValuePair.Create(backend.Tag, backend)), StringComparer.Ordinal);
        _time = time;
        _logger = logger;
        _meters = meters;
        _calls = new BuildCallCheck(_backends, cache, options.ArchitectureTag);
        _aborts = new AbortWatch(options, time, logger);
        _left = new LeftFolders(options, [.. _backends.Values], time, logger);
        _memory = new BuilderMemory(options, cache, time, logger);
        try
        {
            _snapshot = _memory.Recall();
            _results = _cache.Hold(_snapshot.Results.Values);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }

        meters.ObserveBuilder(() => _snapshot.Status, () => _snapshot.Log?.Length ?? 0);
    }

    /// <summary>The tags of the backends, in the order they were registered.</summary>
    internal IReadOnlyList<string> Tags => [.. _backends.Keys];

    /// <summary>The log of the build that runs, or of the last one until <c>clean</c>; null when there is none.</summary>
    internal BuildLog? Log => _snapshot.Log;

    /// <summary>Completes when an aborted build does not end: only another process can take builds again.</summary>
    internal Task Stuck => _aborts.Stuck;

    /// <summary>Answers <c>status</c>; never waits.</summary>
    internal StatusReply Status() => _snapshot.ToReply(_options.Version);

    /// <summary>What is going on, once no change is: a builder that is stuck in one never answers.</summary>
    internal BuilderActivity Look()
    {
        lock (_lock)
            return new BuilderActivity(_snapshot.Status, _snapshot.BuildId, _snapshot.Tag, _snapshot.Phase);
    }

    /// <summary>Answers <c>proxy_info</c>; never waits.</summary>
    /// <exception cref="RefusedException">There is no build, or its kind knows no builder proxy.</exception>
    internal ProxyInfoReply ProxyInfo() =>
        _snapshot.ProxyInfo ?? throw new RefusedException("there is no build that could use a builder proxy");

    /// <summary>Answers <c>build</c>: the checks in the reference's order, then the build is on its way.</summary>
    /// <remarks>
    /// Differs: a refused call changes nothing. In the reference it renames the running build and empties its log, or
    /// leaves the builder BUILDING with nothing running.
    /// </remarks>
    /// <exception cref="RefusedException">No id, the wrong status, or arguments that the backend refuses.</exception>
    internal BuildReply Start(BuildCall call)
    {
        // Held before they are looked for: what was found must not be gone a moment later.
        var inputs = _cache.Hold(SumsOf(call));
        try
        {
            return Start(call, inputs);
        }
        finally
        {
            if (!ReferenceEquals(_inputs, inputs))
                inputs.Dispose();
        }
    }

    /// <exception cref="RefusedException">The backend refuses the arguments, or the files.</exception>
    private static IBuild Prepare(BuildOrder order)
    {
        try
        {
            return order.Backend.Prepare(order.Request);
        }
        catch (RefusedException e)
        {
            throw new RefusedException(e.Message, e) { IsOfTheBuild = true };
        }
    }

    private BuildReply Start(BuildCall call, CacheLease inputs)
    {
        if (!_calls.TryAccept(call, out var order, out var refusal))
            return refusal;
        lock (_lock)
        {
            if (_stopped is not null)
                throw new RefusedException("the slave is stopping");
            var next = BuilderTransitions.Next(_snapshot.Status, BuilderEvent.Start);
            var build = Prepare(order);
            var accepted = new BuilderSnapshot
            {
                Status = next,
                BuildId = call.BuildId,
                Tag = call.Builder,
                HasPrivateLog = order.HasPrivateLog,
                ProxyInfo = build.ProxyInfo,
            };
            _memory.Remember(accepted);
            try
            {
                var directory = BuildDirectory.Create(_options.WorkDirectory, order.Request);
                var log = OpenLog(directory, order.Secrets);
                _snapshot = accepted with { Log = log };
                _inputs = inputs;
                Run(build, new BuildContext(this, order.Request, directory, log, _time));
            }
            catch
            {
                _memory.RememberOrGoOn(_snapshot); // whatever it was: this build was not accepted
                throw;
            }
        }

        _meters.BuildStarted(order.Backend.Tag);
        _logger.LogBuildStarted(call.BuildId, call.Builder);
        return new BuildReply(BuildAnswer.Building, call.BuildId);
    }

    /// <summary>Answers <c>abort</c>: the build is told to end; it takes its time to do so.</summary>
    /// <exception cref="RefusedException">There is no build to abort.</exception>
    internal BuilderStatusReply Abort()
    {
        lock (_lock)
        {
            var next = BuilderTransitions.Next(_snapshot.Status, BuilderEvent.Abort);
            if (_snapshot.Status == BuilderStatus.Aborting)
                _snapshot.Log?.WriteLine("Builder already ABORTING when asked to abort");
            else
                _aborts.Begin(_build, _snapshot);
            Publish(_snapshot with { Status = next });
            // Not waited for: who listens to the token must not run under our lock.
            _ = _abort!.CancelAsync();
        }

        _logger.LogBuildAborting(_snapshot.BuildId);
        return new BuilderStatusReply(BuilderStatus.Aborting);
    }

    /// <summary>Answers <c>clean</c>: the results and the log are removed.</summary>
    /// <remarks>Differs: a result that is gone already is no failure, and a file that was there before the build stays.</remarks>
    /// <exception cref="RefusedException">There is nothing to clean, or a build runs.</exception>
    internal BuilderStatusReply Clean()
    {
        lock (_lock)
        {
            var next = BuilderTransitions.Next(_snapshot.Status, BuilderEvent.Clean);
            // First the journal: a slave that is killed in between finishes the cleaning when it comes back.
            _memory.RememberOrGoOn(new BuilderSnapshot { Status = next, OwnSums = _snapshot.OwnSums });
            _snapshot.Log?.Dispose();
            _memory.Forget(_snapshot.OwnSums);
            _results.Dispose();
            _results = _cache.Hold([]);
            _abort?.Dispose();
            _abort = null;
            Publish(BuilderSnapshot.IdleAtStart with { Status = next });
        }

        return new BuilderStatusReply(BuilderStatus.Idle);
    }

    /// <summary>Ends a build that runs, waits until it has cleaned up after itself, and takes no other.</summary>
    internal Task StopAsync()
    {
        lock (_lock)
            return _stopped ??= StopOnceAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _aborts.DisposeAsync().ConfigureAwait(false);
        _snapshot.Log?.Dispose();
        _memory.Dispose();
    }

    /// <summary>Tries once more to remove the folders that could not be when their builds had ended.</summary>
    internal Task RemoveLeftFoldersAsync(CancellationToken cancellationToken) => _left.RemoveAsync(cancellationToken);

    private async Task StopOnceAsync()
    {
        Task build;
        lock (_lock)
        {
            build = _build;
            if (_snapshot.Status is BuilderStatus.Building or BuilderStatus.Aborting)
            {
                _logger.LogStoppingWhileBuilding(_snapshot.BuildId, _options.StopDeadline);
                _cutShort = _snapshot.Status == BuilderStatus.Building;
                _snapshot.Log?.WriteLine("The slave is being stopped; the build is ended.");
                Publish(_snapshot with { Status = BuilderTransitions.Next(_snapshot.Status, BuilderEvent.Abort) });
                _ = _abort!.CancelAsync();
            }
        }

        try
        {
            await build.WaitAsync(_options.StopDeadline, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _logger.LogBuildNotStopped(_snapshot.BuildId, _options.StopDeadline);
        }
    }

    internal async Task<string> AddResultAsync(string path, string name, CancellationToken cancellationToken)
    {
        PathPart.CheckAll("the result name", name);
        var (sha1, isNew) = await _cache.StoreAsync(path, _results, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            Publish(_snapshot with
            {
                Results = new OrderedDictionary<string, Sha1>(_snapshot.Results, StringComparer.Ordinal) { [name] = sha1 },
                OwnSums = isNew ? _snapshot.OwnSums.Add(sha1) : _snapshot.OwnSums,
            });
        }

        return _cache.Folder.PathOf(sha1);
    }

    internal void EnterPhase(string phase)
    {
        lock (_lock)
            Publish(_snapshot with { Phase = phase });
    }

    internal void SetStatusMember(string name, XmlRpcValue value) =>
        SetStatusMembers([KeyValuePair.Create(name, value)], ImmutableHashSet<string>.Empty); // one that is there keeps its place

    internal void SetStatusMembers(IReadOnlyCollection<KeyValuePair<string, XmlRpcValue>> members, IReadOnlySet<string> replaced)
    {
        // Not only left out of the answer: the journal has to be read again too. What a name stood for before is out of date.
        var fit = members.ToLookup(member => StatusReply.CanCarry(member.Key, member.Value));
        var dropped = fit[false].Select(member => member.Key).Concat(replaced).ToHashSet(StringComparer.Ordinal);
        lock (_lock)
            _snapshot = _snapshot with
            {
                Extra = new XmlRpcStruct(_snapshot.Extra.Where(member => !dropped.Contains(member.Key)).Concat(fit[true])),
            };
        if (fit[false].Any())
            _logger.LogUnfitMember(_snapshot.BuildId);
    }

    /// <summary>Goes on with a build that an earlier slave was killed in: what is left of it is ended, then it has failed.</summary>
    internal void Resume()
    {
        lock (_lock)
        {
            if (_snapshot is { Status: BuilderStatus.Building or BuilderStatus.Aborting, BuildId: { } id, Log: { } log }
                && _build.IsCompleted)
            {
                var directory = BuildDirectory.PathOf(_options.WorkDirectory, id);
                var request = new BuildRequest
                {
                    BuildId = id,
                    ChrootPath = "",
                    Files = new Dictionary<string, string>(),
                    Arguments = new XmlRpcStruct(),
                    DefaultArchitecture = _options.ArchitectureTag,
                };
                _logger.LogBuildResumed(id, _snapshot.Phase ?? "none");
                Run(
                    new LeftoverBuild(_backends.GetValueOrDefault(_snapshot.Tag ?? ""), _snapshot.Phase, _options.AbortDeadline),
                    new BuildContext(this, request, directory, log, _time));
                if (_snapshot.Status == BuilderStatus.Aborting)
                    _aborts.Begin(_build, _snapshot);
            }
        }
    }

    /// <summary>The sums of the files that a build needs; a text that is not a sum is answered for when it is looked for.</summary>
    private static IEnumerable<Sha1> SumsOf(BuildCall call)
    {
        foreach (var text in call.FileMap.Values.Prepend(call.ChrootSha1))
        {
            if (Sha1.TryParse(text, out var sha1))
                yield return sha1;
        }
    }

    private void Run(IBuild build, BuildContext context)
    {
        _abort = new CancellationTokenSource();
        var abort = _abort.Token;
        var run = new BuildRun(build, context, _logger);
        _build = Task.Run(async () => Complete(await run.RunAsync(abort).ConfigureAwait(false)), CancellationToken.None);
    }

    private BuildLog OpenLog(string directory, IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        try
        {
            return _memory.CreateLog(secrets);
        }
        catch (RefusedException)
        {
            BuildDirectory.Remove(directory);
            throw;
        }
    }

    /// <summary>Tells everybody of a change, once it would outlive the slave.</summary>
    private void Publish(BuilderSnapshot next)
    {
        _memory.RememberOrGoOn(next);
        _snapshot = next;
    }

    private void Complete(BuildOutcome outcome)
    {
        _memory.Flush(_snapshot.OwnSums);
        lock (_lock)
        {
            if (_cutShort)
                outcome = new BuildOutcome(BuildStatus.BuilderFail); // the master did not ask for an end; it is to try again
            else if (_snapshot.Status == BuilderStatus.Aborting && outcome.Status != BuildStatus.BuilderFail)
                outcome = new BuildOutcome(BuildStatus.Aborted);
            Publish(_snapshot with
            {
                Status = BuilderTransitions.Next(_snapshot.Status, BuilderEvent.Complete),
                Outcome = outcome,
            });
            _inputs?.Dispose();
            _inputs = null;
            _meters.BuildEnded(_backends.GetValueOrDefault(_snapshot.Tag ?? "")?.Tag, outcome.Status);
        }

        _logger.LogBuildEnded(_snapshot.BuildId, outcome.Status);
    }
}
