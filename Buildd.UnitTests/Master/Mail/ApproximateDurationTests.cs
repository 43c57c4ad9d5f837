using Buildd.Master.Mail;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Mail;

[Parallelizable(ParallelScope.All)]
public sealed class ApproximateDurationTests
{
    [TestCase(-5, "1 second")]
    [TestCase(0, "1 second")]
    [TestCase(1.49, "1 second")]
    [TestCase(1.5, "2 seconds")]
    [TestCase(3.4, "3 seconds")]
    [TestCase(4.4, "4 seconds")]
    [TestCase(7.4, "5 seconds")]
    [TestCase(12.4, "10 seconds")]
    [TestCase(17.4, "15 seconds")]
    [TestCase(22.4, "20 seconds")]
    [TestCase(27.4, "25 seconds")]
    [TestCase(34.9, "30 seconds")]
    [TestCase(44.9, "40 seconds")]
    [TestCase(54.9, "50 seconds")]
    [TestCase(55, "1 minute")]
    [TestCase(89.9, "1 minute")]
    [TestCase(90, "2 minutes")]
    [TestCase(600, "10 minutes")]
    [TestCase(3569, "59 minutes")]
    [TestCase(3570, "1 hour")]
    [TestCase(3899, "1 hour")]
    [TestCase(3900, "1 hour 10 minutes")]
    [TestCase(9000, "2 hours 30 minutes")]
    [TestCase(10800, "3 hours")]
    [TestCase(36000, "10 hours")]
    [TestCase(37799, "10 hours")]
    [TestCase(37800, "11 hours")]
    [TestCase(169200, "47 hours")]
    [TestCase(172800, "2 days")]
    [TestCase(215999, "2 days")]
    [TestCase(216000, "3 days")]
    [TestCase(1123200, "13 days")]
    [TestCase(1209600, "2 weeks")]
    [TestCase(1814400, "3 weeks")]
    public void Durations_are_said_as_people_do(double seconds, string text) =>
        Assert.That(ApproximateDuration.Text(TimeSpan.FromSeconds(seconds)), Is.EqualTo(text));
}
