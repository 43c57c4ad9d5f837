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
        var options = new MasterOptions { Root = "/" };

        Assert.That(() => options with { PollInterval = TimeSpan.FromSeconds(number) }, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => options with { ScansPerFailure = number }, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => options with { MaxDownloadsPerBuilder = number }, Throws.InstanceOf<ArgumentException>());
    }
}
