using Buildd.Master.Builds;
using Buildd.UnitTests.Master.Contracts;

namespace Buildd.UnitTests.Farm.Store;

public sealed class PostgresBuildListingTests : BuildListingContract, IAsyncDisposable
{
    private readonly PostgresBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private protected override IBuildRecords Make() => _bench.Open(Time).Builds;
}
