using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Slave.Logs;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// What the builder has on the disk: the journal, the log of the build and its results. A builder that is killed finds all of
/// it again.
/// </summary>
/// <remarks>Used by one thread at a time, but for <see cref="Flush"/>.</remarks>
internal sealed class BuilderMemory : IDisposable
{
    private readonly SlaveOptions _options;
    private readonly FileCache _cache;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Journal _journal;

    /// <exception cref="JournalException">The work folder is another slave's.</exception>
    internal BuilderMemory(SlaveOptions options, FileCache cache, TimeProvider time, ILogger logger)
    {
        _options = options;
        _cache = cache;
        _time = time;
        _logger = logger;
        _journal = new Journal(StateDirectory);
    }

    private string StateDirectory => _options.StateDirectory ?? _options.WorkDirectory;

    private string LogPath => Path.Combine(_options.FileCacheDirectory, WireNames.BuildLog);

    /// <summary>Where an earlier slave on this work folder was when it ended, however it ended.</summary>
    /// <exception cref="JournalException">The journal can't be read, or the log can't be gone on with.</exception>
    internal BuilderSnapshot Recall()
    {
        if (_journal.Read() is not { } entry)
            return BuilderSnapshot.IdleAtStart;

        var snapshot = BuilderSnapshot.FromJournal(entry);
        switch (snapshot.Status)
        {
            case BuilderStatus.Idle:
                // A clean may have been cut short, also that of a build without results: what it removes is removed.
                Forget(snapshot.OwnSums);
                if (!snapshot.OwnSums.IsEmpty)
                    RememberOrGoOn(BuilderSnapshot.IdleAtStart);
                return BuilderSnapshot.IdleAtStart;

            case BuilderStatus.Waiting:
                _logger.LogBuildRecalled(snapshot.BuildId);
                var missing = snapshot.Results.Where(result => _cache.Find(result.Value) is null).Select(result => result.Key).ToList();
                snapshot = snapshot with { Log = GoOnWithLog() };
                if (missing.Count > 0)
                    snapshot.Log.WriteLine($"Results were lost while the slave was down: {string.Join(", ", missing)}");
                snapshot.Log.Close();
                if (missing.Count == 0)
                    return snapshot;
                snapshot = snapshot with { Outcome = new BuildOutcome(BuildStatus.BuilderFail) };
                RememberOrGoOn(snapshot);
                return snapshot;

            default:
                return snapshot with { Log = GoOnWithLog() };
        }
    }

    /// <exception cref="RefusedException">The journal can't be written: nothing that has to be remembered can be begun.</exception>
    internal void Remember(BuilderSnapshot snapshot)
    {
        try
        {
            _journal.Write(snapshot.ToJournal());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the journal in '{StateDirectory}' could not be written: {e.Message}", e);
        }
    }

    /// <summary>For what has happened already: with a full disk the slave goes on, and would come back where it last could write.</summary>
    internal void RememberOrGoOn(BuilderSnapshot snapshot)
    {
        try
        {
            Remember(snapshot);
        }
        catch (RefusedException e)
        {
            _logger.LogBuildNotRemembered(e);
        }
    }

    /// <summary>Nobody is told of a result that a power failure could still take back.</summary>
    internal void Flush(IEnumerable<Sha1> sums)
    {
        try
        {
            foreach (var path in sums.Select(_cache.Find).OfType<string>())
                Journal.FlushFile(path);
            Journal.FlushDirectory(_options.FileCacheDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.LogJournalNotFlushed(e);
        }
    }

    /// <summary>Removes results and the log: what <c>clean</c> does.</summary>
    internal void Forget(IEnumerable<Sha1> sums)
    {
        foreach (var sha1 in sums)
            _cache.Remove(sha1);
        File.Delete(LogPath);
    }

    /// <summary>Starts the log of a build, in place of the last one's.</summary>
    /// <exception cref="RefusedException">It can't be opened.</exception>
    internal BuildLog CreateLog(IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        try
        {
            return new BuildLog(LogFile.Create(LogPath, StateDirectory, _options.Log), secrets, _time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the build log could not be opened in '{_options.FileCacheDirectory}': {e.Message}", e);
        }
    }

    public void Dispose() => _journal.Dispose();

    /// <summary>The secrets of that build are not known any more; all that is added now are lines of our own.</summary>
    private BuildLog GoOnWithLog()
    {
        try
        {
            return new BuildLog(LogFile.GoOn(LogPath, StateDirectory, _options.Log), [], _time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"the log of the build that the slave was killed in can't be gone on with: {e.Message}", e);
        }
    }
}
