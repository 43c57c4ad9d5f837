namespace Buildd.Master.Builds;

/// <summary>What is often done with build records.</summary>
public static class BuildRecordsExtensions
{
    /// <summary>How many times it is tried when others change the same build at the same time.</summary>
    private const int Attempts = 20;

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
    public static async Task<Build?> ChangeAsync(
        this IBuildRecords records, long id, Func<Build, Build> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(change);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await records.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } build)
                return null;
            var changed = change(build);
            if (ReferenceEquals(changed, build))
                return build;
            if ((await records.TryReplaceAsync([changed], cancellationToken).ConfigureAwait(false))[0] is { } stored)
                return stored;
        }

        throw new TimeoutException($"The build {id} changes faster than it can be changed.");
    }
}
