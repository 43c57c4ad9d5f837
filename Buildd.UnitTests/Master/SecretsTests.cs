using Buildd.Master;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
public sealed class SecretsTests
{
    [Test]
    public void A_slaves_words_become_one_line_of_bounded_length_without_secrets()
    {
        var quoted = Secrets.Quote("  a\r\n\tb\u001b[2J hunter2 " + new string('x', 10_000), "hunter2", "");

        Assert.That(quoted, Does.StartWith("a b?[2J … xxx").And.EndsWith("x…").And.Length.LessThan(510));
    }
}
