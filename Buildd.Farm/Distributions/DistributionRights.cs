using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using static Buildd.Farm.Rights.Clauses;

namespace Buildd.Farm.Distributions;

/// <summary>What may be done to distributions, and with them to their series and architectures, and who may.</summary>
internal static class DistributionRights
{
    /// <summary>To see one.</summary>
    internal static Right<Distribution> View { get; } = new("see", Everybody<Distribution>(_ => true, Sql.True));

    /// <summary>To add and to change one.</summary>
    internal static Right<Distribution> Edit { get; } = new("change", View, Of<Distribution>(Role.Administrator));
}
