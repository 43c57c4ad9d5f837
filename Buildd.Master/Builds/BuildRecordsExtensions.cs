namespace Buildd.Master.Builds;

/// <summary>What is often done with build records.</summary>
public static class BuildRecordsExtensions
{
    /// <summary>
    /// Changes a build as it is now, again if somebody else was faster: <c>builds.ChangeAsync(7, build =&gt; build.Rescored(5000))</c>.
    /// </summary>
    /// <param name="records">The builds.</param>
    /// <param name="id">Which.</param>
    /// <param name="change">What; the same record for nothing. May be called several times.</param>
    /// <param name="cancellationToken">Ends it; the change may have been stored all the same.</param>
    /// <returns>The build as it is stored then; null when there is none.</returns>
    /// <exception cref="BuildStateException">From <paramref name="change"/>.</exception>
    /// <exception cref="TimeoutException">Others were faster again and again.</exception>
    public static Task<Build?> ChangeAsync(
        this IBuildRecords records, long id, Func<Build, Build> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(change);
        return RecordChange.ApplyAsync(
            () => records.FindAsync(id, cancellationToken),
            change,
            async changed => (await records.TryReplaceAsync([changed], cancellationToken).ConfigureAwait(false))[0],
            $"The build {id}");
    }
}
