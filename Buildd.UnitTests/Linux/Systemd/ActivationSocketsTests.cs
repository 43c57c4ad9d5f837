using Buildd.Linux.Systemd;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Systemd;

/// <summary>Which descriptors systemd has handed over.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ActivationSocketsTests
{
    [TestCase("42", "1", new[] { 3 })]
    [TestCase("42", "3", new[] { 3, 4, 5 })]
    [TestCase("42", "0", new int[0])]
    [TestCase("43", "1", new int[0])]
    [TestCase(null, "1", new int[0])]
    [TestCase("42", null, new int[0])]
    [TestCase("42", "-1", new int[0])]
    [TestCase("42", "65", new int[0])]
    [TestCase("42", "99999999999999", new int[0])]
    public void Sockets_are_taken_over_when_systemd_hands_them_to_this_process(string? pid, string? count, int[] descriptors) =>
        Assert.That(ActivationSockets.Parse(pid, count, ownPid: 42), Is.EqualTo(descriptors));
}
