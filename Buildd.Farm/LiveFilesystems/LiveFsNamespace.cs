using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.LiveFilesystems;

/// <summary>Finds a live filesystem by the parts of an address: owner, distribution, series, name. The sentences are Launchpad's.</summary>
/// <param name="store">Where everything is.</param>
/// <param name="people">The owners.</param>
/// <param name="distributions">The distributions.</param>
/// <param name="series">Their series.</param>
/// <param name="livefses">The live filesystems.</param>
internal sealed class LiveFsNamespace(
    FarmStore store, PersonRecords people, DistributionRecords distributions, SeriesRecords series, LiveFsRecords livefses)
{
    /// <summary>How many parts lead to one.</summary>
    internal const int Depth = 4;

    /// <summary>Finds the one that the first parts lead to; further parts are left alone, they are of what is below it.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="parts">The parts, none of which is null. A former name of the owner and aliases lead there, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The live filesystem, and the path by which it is called, which may have other names in it than the parts.</returns>
    /// <exception cref="FarmException">A part is missing, or leads to nothing that the actor sees.</exception>
    internal Task<(LiveFs LiveFs, string Path)> TraverseAsync(
        Actor actor, IReadOnlyList<string> parts, CancellationToken cancellationToken)
    {
        if (parts.Any(part => part is null))
            throw new ArgumentException("A part of an address is a text.", nameof(parts));
        return store.ReadAsync(
            async connection =>
            {
                var owner = await people.FindAsync(connection, Part(0));
                if (owner is null || !PersonRights.View.Allows(actor, owner))
                    throw FarmException.NotFound($"No such person: '{Part(0)}'.");
                var distribution = await distributions.FindAsync(connection, Part(1))
                    ?? throw FarmException.NotFound($"No such distribution: '{Part(1)}'.");
                var release = await series.FindAsync(connection, distribution, Part(2))
                    ?? throw FarmException.NotFound($"No such distribution series: '{Part(2)}'.");
                var livefs = await livefses.FindAsync(connection, owner.Id, release.Id, Part(3));
                if (livefs is null || !LiveFsRights.View.Allows(actor, livefs))
                    throw FarmException.NotFound($"No such live filesystem: '{Part(3)}'.");
                return (livefs, await livefses.PathAsync(connection, livefs));
            },
            cancellationToken);

        string Part(int index) => index < parts.Count
            ? parts[index]
            : throw FarmException.NotFound($"Cannot understand namespace name: '{string.Join('/', parts)}'");
    }
}
