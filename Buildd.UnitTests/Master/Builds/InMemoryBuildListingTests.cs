using Buildd.Master.Builds;
using Buildd.UnitTests.Master.Contracts;

namespace Buildd.UnitTests.Master.Builds;

public sealed class InMemoryBuildListingTests : BuildListingContract
{
    private protected override IBuildRecords Make() => new InMemoryBuilds(Time);
}
