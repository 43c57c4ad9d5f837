using Buildd.Master.Builds;
using Buildd.UnitTests.Master.Contracts;

namespace Buildd.UnitTests.Farm.Store;

public sealed class SqliteBuildsTests : BuildRecordsContract, IAsyncDisposable
{
    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private protected override IBuildRecords Make() => Reopen();

    private protected override IBuildRecords Reopen() => _bench.Open(Time).Builds;
}
