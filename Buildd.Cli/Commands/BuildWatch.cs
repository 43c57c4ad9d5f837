using Buildd.Cli.Application;
using Buildd.Linux.Text;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary>Watches builds for a person, from the records and logs alone: whoever hands them out need not know.</summary>
internal static class BuildWatch
{
    /// <summary>How often it looks: a log that grows is to look as if it did.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Shows the log of a build as it grows, until builders are done with the build, or its upload is processed, too.</summary>
    /// <param name="session">The farm.</param>
    /// <param name="id">The build.</param>
    /// <param name="says">Whether changes of its state are said, too, as messages.</param>
    /// <param name="printer">Shows the log; null when it is not shown.</param>
    /// <param name="toTheEnd">Whether the processing of the upload is waited for; else the end of the log is.</param>
    /// <param name="cancellationToken">Ends the watching; the build goes on.</param>
    /// <returns>The build as it is then.</returns>
    internal static async Task<Build> FollowAsync(
        FarmSession session, long id, bool says, LogPrinter? printer, bool toTheEnd, CancellationToken cancellationToken)
    {
        Build? before = null;
        while (true)
        {
            var build = await session.Store.Builds.FindAsync(id, cancellationToken)
                ?? throw FarmException.NotFound($"the build {id} is gone");
            if (says && (build.State, build.Builder, build.Reason) != (before?.State, before?.Builder, before?.Reason))
                await session.Error.WriteLineAsync(Describe(build));
            before = build;
            if (printer is not null)
                await printer.PrintAsync(build, cancellationToken);
            if (build.Queue is null && !(toTheEnd && build.State == BuildState.Uploading))
                return build;
            await Task.Delay(LookInterval, cancellationToken);
        }
    }

    private static string Describe(Build build) => Printable.Text(
        $"{build.Cookie}: {build.State.ToTitle()}{(build.Builder is null ? "" : $" on {build.Builder}")}"
        + (build.Dependencies.Length > 0 ? $", it waits for {build.Dependencies}" : "")
        + (build.Reason is null ? "" : $": {build.Reason}"));
}
