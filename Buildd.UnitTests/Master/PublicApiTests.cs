using Buildd.Master;
using Buildd.UnitTests.Protocol;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
public class PublicApiTests
{
    [Test]
    public void The_public_surface_is_the_committed_one() => PublicApi.AssertUnchanged(typeof(BuildMaster).Assembly);
}
