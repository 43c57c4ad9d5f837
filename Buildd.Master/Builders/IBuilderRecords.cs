namespace Buildd.Master.Builders;

/// <summary>
/// The builders of a farm, and which master looks after which. Any thread of any process may call; what
/// <see cref="Builds.IBuildRecords"/> says of durability and of failing holds here too.
/// </summary>
public interface IBuilderRecords
{
    /// <summary>All builders, by name.</summary>
    Task<IReadOnlyList<Builder>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>A builder; null when there is none of that name.</summary>
    Task<Builder?> FindAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Adds a builder, without a lease.</summary>
    /// <returns>It, as it is stored; null when there is one of that name.</returns>
    Task<Builder?> TryAddAsync(Builder builder, CancellationToken cancellationToken = default);

    /// <summary>Removes a builder. What it builds is lost with it, and found so by its master.</summary>
    /// <returns>Whether there was one.</returns>
    Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores changed builders: each only if its stored <see cref="Builder.Revision"/> is still the one that it carries. One
    /// that can't be stored keeps no other from it; all that can are stored in one durable write.
    /// </summary>
    /// <param name="builders">The changed records, each builder once. Their leases are not looked at: what is stored stays.</param>
    /// <param name="cancellationToken">Ends the wait; they may have been stored all the same.</param>
    /// <returns>In the same order, each as it is stored now; null for one that was not.</returns>
    Task<IReadOnlyList<Builder?>> TryReplaceAsync(IReadOnlyList<Builder> builders, CancellationToken cancellationToken = default);

    /// <summary>
    /// Renews all leases of a master that have not been taken by another, and takes those builders that are nobody's or whose lease has run
    /// out, as <see cref="LeaseClock"/> decides: somebody may set the clock. Taking gives a builder a new revision, so that what its former
    /// master still wants to store is refused.
    /// </summary>
    /// <param name="owner">The master: a name that no other one uses, also not the same one after a restart.</param>
    /// <param name="duration">How long the leases hold from now; by the store's clock.</param>
    /// <param name="most">How many builders it looks after at most, those that it has included.</param>
    /// <param name="cancellationToken">Ends the wait; leases may have been taken all the same.</param>
    /// <returns>The builders that are its own now, by name.</returns>
    Task<IReadOnlyList<Builder>> LeaseAsync(
        string owner, TimeSpan duration, int most = int.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>Gives all leases of a master back, as it does when it stops.</summary>
    Task ReleaseAsync(string owner, CancellationToken cancellationToken = default);
}
