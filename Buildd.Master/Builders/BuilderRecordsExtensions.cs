
namespace Buildd.Master.Builders;

/// <summary>What is often done with builder records.</summary>
public static class BuilderRecordsExtensions
{
    /// <summary>
    /// Changes a builder as it is now, again if somebody else was faster:
    /// <c>builders.ChangeAsync("b1", builder =&gt; builder.OutOfService("disk"))</c>.
    /// </summary>
    /// <param name="records">The builders.</param>
    /// <param name="name">Which.</param>
    /// <param name="change">What; the same record for nothing. May be called several times.</param>
    /// <param name="cancellationToken">Ends it; the change may have been stored all the same.</param>
    /// <returns>The builder as it is stored then; null when there is none.</returns>
    /// <exception cref="TimeoutException">Others were faster again and again.</exception>
    public static Task<Builder?> ChangeAsync(
        this IBuilderRecords records, string name, Func<Builder, Builder> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(change);
        return RecordChange.ApplyAsync(
            () => records.FindAsync(name, cancellationToken),
            change,
            async changed => (await records.TryReplaceAsync([changed], cancellationToken).ConfigureAwait(false))[0],
            $"The builder {name}");
    }
}
