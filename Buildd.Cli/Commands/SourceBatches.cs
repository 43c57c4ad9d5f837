using Buildd.Cli.Application;
using Buildd.Debian;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary>
/// Queues many source packages in one go. Each is queued or not, for itself; what can't be written ends it, and it is said where to go on.
/// </summary>
internal static class SourceBatches
{
    /// <summary>The number of sources that share a flush of the inputs and a write of the store: the most that a kill can lose.</summary>
    private const int BatchSize = 200;

    /// <summary>The number of sources that are read and copied at a time: most of it is waiting for the disk.</summary>
    private const int MaxReading = 8;

    /// <summary>Queues sources.</summary>
    /// <param name="session">The farm.</param>
    /// <param name="intake">Makes builds of them.</param>
    /// <param name="sources">Which, in the order in which they are numbered.</param>
    /// <param name="added">Receives the builds of each batch, once they are in the store.</param>
    /// <param name="cancellationToken">Ends it between two sources.</param>
    /// <returns>The exit code: the worst of all sources.</returns>
    internal static async Task<int> QueueAsync(
        FarmSession session, SourceIntake intake, IReadOnlyList<NamedSource> sources, Func<IReadOnlyList<Build>, Task> added,
        CancellationToken cancellationToken)
    {
        var (done, refused, worst) = (0, 0, FarmExitCode.Done);
        var told = new HashSet<string>(StringComparer.Ordinal);
        var progress = new ProgressLine(session.Error, session.IsErrorTerminal, $"queuing {sources.Count} sources", session.Time);
        try
        {
            foreach (var batch in sources.Chunk(BatchSize))
            {
                var (builds, mistakes) = await TakeAsync(intake, batch, cancellationToken);
                if (mistakes.Count > 0)
                    progress.Dispose(); // it would stand in the middle of them
                foreach (var (source, mistake) in mistakes)
                {
                    await session.Error.WriteLineAsync($"build: {Printable.Text(source.Describe(mistake.Message))}");
                    worst = Math.Max(worst, mistake is FarmException { ExitCode: var code } ? code : FarmExitCode.Failed);
                }

                if (builds.Count > 0)
                {
                    if (await BuildChecks.FindWarningsAsync(session, builds, cancellationToken) is { Count: > 0 } warnings)
                    {
                        progress.Dispose();
                        foreach (var (_, warning) in warnings.Where(warning => told.Add(warning.Reason)))
                            await session.Error.WriteLineAsync(warning);
                    }

                    intake.Flush();
                    await added(await session.Store.Builds.AddAsync(builds, cancellationToken));
                }

                (done, refused) = (done + batch.Length, refused + mistakes.Count);
                progress.Show((double)done / sources.Count);
            }
        }
        finally
        {
            progress.Dispose();
            if (refused > 0)
                await session.Error.WriteLineAsync($"build: {refused} of {done} sources were not queued");
            if (done < sources.Count)
            {
                var next = Printable.Text(sources[done].Describe("not queued"));
                await session.Error.WriteLineAsync($"build: stopped after {done} of {sources.Count} sources; the next is {next}");
            }
        }

        return worst;
    }

    private static async Task<(IReadOnlyList<NewBuild> Builds, IReadOnlyList<(NamedSource Source, Exception Mistake)> Mistakes)> TakeAsync(
        SourceIntake intake, NamedSource[] batch, CancellationToken cancellationToken)
    {
        var taken = new IReadOnlyList<NewBuild>[batch.Length];
        var mistakes = new Exception?[batch.Length];
        var bound = new ParallelOptions { MaxDegreeOfParallelism = MaxReading, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, batch.Length, bound, async (i, stop) =>
        {
            taken[i] = [];
            try
            {
                taken[i] = await intake.TakeAsync(batch[i].Path, stop);
            }
            catch (Exception e) when (e is FarmException or DebianException or FileNameException or UnauthorizedAccessException)
            {
                mistakes[i] = e;
            }
        });
        return
        (
            [.. taken.SelectMany(builds => builds)],
            [.. batch.Zip(mistakes).Where(pair => pair.Second is not null).Select(pair => (pair.First, pair.Second!))]
        );
    }
}
