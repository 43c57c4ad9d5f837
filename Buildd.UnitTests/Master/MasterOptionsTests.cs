using Buildd.Master;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
public sealed class MasterOptionsTests
{
    [TestCase(0)]
    [TestCase(-1)]
    public void Times_and_numbers_that_make_no_sense_are_refused(int number)
    {
        Assert.That(() => new MasterOptions { Root = "/", PollInterval = TimeSpan.FromSeconds(number) }, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new MasterOptions { Root = "/", ScansPerFailure = number }, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new MasterOptions { Root = "/", MaxDownloadsPerBuilder = number }, Throws.InstanceOf<ArgumentException>());
    }
}
