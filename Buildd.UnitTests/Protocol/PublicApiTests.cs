using Buildd.Protocol.Client;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

/// <summary>Others build on Buildd.Protocol: its surface changes on purpose or not at all.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PublicApiTests
{
    [Test]
    public void Public_api_is_the_committed_one() => PublicApi.AssertUnchanged(typeof(SlaveClient).Assembly);
}
