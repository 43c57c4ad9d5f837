using Buildd.Master.Builders;
using Buildd.UnitTests.Master.Contracts;

namespace Buildd.UnitTests.Farm.Store;

public sealed class PostgresBuildersTests : BuilderRecordsContract, IAsyncDisposable
{
    private readonly PostgresBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private protected override IBuilderRecords Make() => Reopen();

    private protected override IBuilderRecords Reopen() => _bench.Open(Time).Builders;
}
