using Buildd.Master.Builders;
using Buildd.UnitTests.Master.Contracts;

namespace Buildd.UnitTests.Master.Builders;

public sealed class InMemoryBuildersTests : BuilderRecordsContract
{
    private protected override IBuilderRecords Make() => new InMemoryBuilders(Time);
}
